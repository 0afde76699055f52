import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Registry } from 'prom-client';
import type { EntityManager } from 'typeorm';
import { BOUNCE_KINDS, type BounceKind, EMAIL_PURPOSES, type EmailPurpose } from '#contracts';
import { DatabaseReadings } from '#service';
import type { Verdict } from './judge-attempt.js';
import { IS_OPT_IN } from './opt-in-mail.js';

/** So many are enough to know; of each of the two queues. */
const MOST = 10_000;

const OUTCOMES = ['accepted', 'rejected', 'expired', 'put-off', 'unreachable'] as const;
type MailOutcome = (typeof OUTCOMES)[number];

/** What becomes of mails, which come back, how many wait, and how long the longest has waited that could be handed over by now. */
@Injectable()
export class MeasureMails {
  private readonly mails: Counter<'purpose' | 'outcome'>;
  private readonly bounces: Counter<'purpose' | 'kind'>;
  private readonly waiting: Gauge<'purpose'>;
  private readonly oldest: Gauge<'purpose'>;

  constructor(registry: Registry, readings: DatabaseReadings) {
    this.mails = new Counter({
      name: 'mails_total',
      help: 'Attempts to hand a mail over to the mail server, by what came of them',
      labelNames: ['purpose', 'outcome'],
      registers: [registry],
    });
    for (const purpose of EMAIL_PURPOSES) for (const outcome of OUTCOMES) this.mails.inc({ purpose, outcome }, 0);
    this.bounces = new Counter({
      name: 'mail_bounces_total',
      help: 'Mails that were accepted and came back, or were complained of; each once in its way',
      labelNames: ['purpose', 'kind'],
      registers: [registry],
    });
    for (const purpose of EMAIL_PURPOSES) for (const kind of BOUNCE_KINDS) this.bounces.inc({ purpose, kind }, 0);
    this.waiting = new Gauge({
      name: 'mails_waiting',
      help: `Mails that are not handed over (${MOST} at most are counted of those that ask to opt in, and of the others)`,
      labelNames: ['purpose'],
      registers: [registry],
    });
    this.oldest = new Gauge({
      name: 'mail_oldest_waiting_age_seconds',
      help: 'Since the oldest mail that waits was ordered; those that wait for their send budget are left out. 0 when there is none',
      labelNames: ['purpose'],
      registers: [registry],
    });
    readings.add(this);
  }

  /** Nothing is counted of a mail that was given back without a try. */
  attempted(purpose: EmailPurpose, verdict: Verdict): void {
    const outcome = outcomeOf(verdict);
    if (outcome !== undefined) this.mails.inc({ purpose, outcome });
  }

  /** Once it is committed. */
  bounced(purpose: EmailPurpose, kind: BounceKind): void {
    this.bounces.inc({ purpose, kind });
  }

  /** A mail that waits for its budget is due in the future, and counts as ordered then. */
  async read(tx: EntityManager): Promise<void> {
    const rows: { purpose: EmailPurpose; mails: number; age: number | null }[] = await tx.query(
      `SELECT purpose, count(*)::int AS mails,
         extract(epoch FROM now() - min(queued_at) FILTER (WHERE queued_at <= now()))::float AS age
       FROM (
         (SELECT purpose, queued_at FROM mail WHERE NOT ${IS_OPT_IN} ORDER BY due_at LIMIT $1) UNION ALL
         (SELECT purpose, queued_at FROM mail WHERE ${IS_OPT_IN} ORDER BY due_at LIMIT $1)) AS counted
       GROUP BY purpose`,
      [MOST],
    );
    for (const gauge of [this.waiting, this.oldest]) for (const purpose of EMAIL_PURPOSES) gauge.set({ purpose }, 0);
    for (const { purpose, mails, age } of rows) {
      this.waiting.set({ purpose }, mails);
      this.oldest.set({ purpose }, Math.max(0, age ?? 0));
    }
  }

  forget(): void {
    this.waiting.reset();
    this.oldest.reset();
  }
}

function outcomeOf(verdict: Verdict): MailOutcome | undefined {
  if (verdict.kind === 'accepted') return 'accepted';
  if (verdict.kind === 'rejected') return verdict.code === 'expired' ? 'expired' : 'rejected';
  if (verdict.code === undefined) return undefined;
  return verdict.counts ? 'put-off' : 'unreachable';
}
