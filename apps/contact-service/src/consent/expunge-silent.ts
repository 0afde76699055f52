import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type ExpungeContact, ExpungeDeclined, message } from '#contracts';
import { type BatchHandler, Outbox, type Received } from '#messaging';
import { Audit, type AuditEntry } from '#service';
import { ContactConfig } from '../config.js';
import { type Judged, judgeMany } from '../expunge/judge.js';
import { accept, type Beginning, RequestExpunge } from '../expunge/request-expunge.js';
import { addRemovedToday, lockRemovedToday } from './daily-cap.js';
import { type ExpungeDecline, writeDeclines } from './expunge-decline.js';
import { asksOf } from './opt-in-ask.js';
import { decideSilentExpunge, type OptInAsk } from './silent-expunge.decision.js';

/** What was decided: who goes, by which command, and who stays and why. */
interface Decided {
  readonly going: readonly { readonly judged: Judged; readonly enrolmentId: string }[];
  readonly staying: readonly ExpungeDecline[];
}

/**
 * Removes contacts that were asked to opt in and stayed silent, or answers why not. Whether one may go is judged here, from
 * what this service has received itself and under the locks that every opt-in, hold, stop and change of policy takes: a late
 * opt-in wins until this commits.
 */
@Injectable()
export class ExpungeSilent implements BatchHandler<ExpungeContact> {
  constructor(
    private readonly requestExpunge: RequestExpunge,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly config: ContactConfig,
  ) {}

  /** The commands of a batch are of one tenant. */
  async handle(messages: readonly Received<ExpungeContact>[], tx: EntityManager): Promise<void> {
    const commands = withoutRepeats(messages.map(({ data }) => data));
    const tenantId = commands[0]?.tenantId;
    if (tenantId === undefined) return;
    const contactIds = [...new Set(commands.map(({ contactId }) => contactId))];
    const judged = new Map((await judgeMany(tx, tenantId, contactIds)).map((one) => [one.contact.id, one]));
    const asks = await asksOf(tx, tenantId, [...judged.keys()]);
    const today = await lockRemovedToday(tx, tenantId);
    const leftToday = this.config.SILENT_EXPUNGES_PER_DAY - today.expunged;
    const byContact = Map.groupBy(asks, ({ contactId }) => contactId);
    const { going, staying } = decideAll(commands, { judged, asks: byContact, leftToday });
    await addRemovedToday(tx, tenantId, { day: today.day, more: going.length });
    await this.expunge(tx, going);
    await this.decline(tx, staying, judged);
  }

  private async expunge(tx: EntityManager, going: Decided['going']): Promise<void> {
    const beginnings = going.map(({ judged }): Beginning => ({ judged, accepted: accept('workflow') }));
    await this.requestExpunge.execute(tx, beginnings);
    const entries = beginnings.map(({ judged: { contact }, accepted }, n): AuditEntry => {
      const { expungeId, requestedBy } = accepted;
      const detail = { expungeId, requestedBy, enrolmentId: going[n]?.enrolmentId ?? null };
      return { tenantId: contact.tenantId, action: 'expunge.requested', target: contact.id, detail };
    });
    await this.audit.record(tx, 'system', ...entries);
  }

  private async decline(
    tx: EntityManager,
    staying: Decided['staying'],
    judged: ReadonlyMap<string, Judged>,
  ): Promise<void> {
    // Of one that is unknown, or on its way out, there is nothing to be seen any more.
    const seen = staying.filter(
      ({ contactId }) => (judged.get(contactId)?.contact.state ?? 'expunging') !== 'expunging',
    );
    const news = await writeDeclines(tx, seen);
    const tenantId = staying[0]?.tenantId ?? '';
    const entries = news.map(({ contactId: target, enrolmentId, reason }): AuditEntry => {
      return { tenantId, action: 'expunge.declined', target, detail: { enrolmentId, reason } };
    });
    await this.audit.record(tx, 'system', ...entries);
    const at = new Date().toISOString();
    await this.outbox.add(
      tx,
      staying.map((decline) => message(ExpungeDeclined, { ...decline, at })),
    );
  }
}

const withoutRepeats = (commands: readonly ExpungeContact[]): ExpungeContact[] => [
  ...new Map(
    commands.map((one) => [[one.contactId, one.enrolmentId, one.emailId, one.graceSeconds].join(' '), one]),
  ).values(),
];

interface Known {
  readonly judged: ReadonlyMap<string, Judged>;
  readonly asks: ReadonlyMap<string, OptInAsk[]>;
  readonly leftToday: number;
}

/** In the order of the commands: who goes by an earlier one is gone for the later ones. */
function decideAll(commands: readonly ExpungeContact[], { judged, asks, leftToday }: Known): Decided {
  const going = new Map<string, Decided['going'][number]>();
  const staying: ExpungeDecline[] = [];
  for (const { tenantId, contactId, enrolmentId, emailId, graceSeconds } of commands) {
    const one = judged.get(contactId);
    const decision = decideSilentExpunge({
      ...situationOf(going.has(contactId) ? undefined : one),
      asks: asks.get(contactId) ?? [],
      enrolmentId,
      emailId,
      graceSeconds,
      leftToday: leftToday - going.size,
    });
    if (decision === 'expunge' && one) going.set(contactId, { judged: one, enrolmentId });
    else if (decision !== 'expunge') staying.push({ tenantId, contactId, enrolmentId, reason: decision });
  }
  return { going: [...going.values()], staying };
}

function situationOf(one: Judged | undefined) {
  if (!one)
    return {
      state: undefined,
      consented: false,
      held: false,
      killSwitch: false,
      policy: 'off',
      now: new Date(0),
    } as const;
  const { contact, obstacles, policy, now } = one;
  return {
    state: contact.state,
    consented: contact.consent === 'opted-in' || contact.candidateSubject !== null,
    held: obstacles.holdEnds.length > 0,
    killSwitch: obstacles.killSwitch,
    policy,
    now,
  };
}
