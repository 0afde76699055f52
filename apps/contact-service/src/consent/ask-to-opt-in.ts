import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Data, message, OptInNotSent, type Outgoing, type RequestOptIn, SendEmail } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { type BatchHandler, failPoint, Outbox, type Received } from '#messaging';
import { KeyringFile, seal } from '#service';
import { ContactConfig } from '../config.js';
import { ofUndoneImports } from '../imports/undone-imports.js';
import { hashOf } from '../removal-by-address/removal-link.js';
import { suppressedAmong } from '../suppression/suppression.js';
import { SuppressionKeys } from '../suppression/suppression-keys.js';
import { loadPolicy } from '../tenants/load-policy.js';
import { type Askable, decideAsk } from './ask.decision.js';
import { notAskedAgain, sayAgain } from './say-again.js';
import { type AskFacts, factsOf, type NewAsk, storeAsks } from './opt-in-ask.js';

/**
 * Asks contacts by mail to opt in, or says why not. While the client's expunge is off the mail promises no removal, and so none
 * can ever come of it; nor does a reminder of such a mail promise any. The mail goes to the address as it is under the contact's lock, and is
 * stored together with the order to send it. Of a mail that was asked for before, what is known is said again.
 */
@Injectable()
export class AskToOptIn implements BatchHandler<RequestOptIn> {
  constructor(
    private readonly outbox: Outbox,
    private readonly keyring: KeyringFile,
    private readonly config: ContactConfig,
    private readonly suppressionKeys: SuppressionKeys,
  ) {}

  async handle(messages: readonly Received<RequestOptIn>[], tx: EntityManager): Promise<void> {
    const requests = await asPromised(
      tx,
      messages.map(({ data }) => data),
    );
    const contactIds = [...new Set(requests.map(({ contactId }) => contactId))];
    await lockKnownSubjects(tx, contactIds);
    const undone = await ofUndoneImports(tx, contactIds);
    const all = await this.withLedger(tx, await factsOf(tx, requests));
    const answers = all
      // Of an import that is taken back the contacts are on their way out.
      .map(({ request, facts }) =>
        this.answer(request, undone.has(request.contactId) ? { ...facts, state: null } : facts),
      );
    const answered = await Promise.all(answers);
    await storeAsks(
      tx,
      answered.flatMap(({ ask }) => ask ?? []),
    );
    failPoint('consent.asked');
    await this.outbox.add(
      tx,
      answered.map(({ said }) => said),
    );
  }

  /**
   * An import and an own sign-up may have made two contacts with one address: when one of them is gone, nobody there is asked
   * for the other. A mail that was ordered before the entry goes out, though it may still wait for its budget.
   */
  private async withLedger(tx: EntityManager, all: readonly Known[]): Promise<(Known & { facts: Askable })[]> {
    const tenantId = all[0]?.request.tenantId;
    if (tenantId === undefined) return [];
    const hashIn = ({ facts: { address } }: Known) => address && this.suppressionKeys.hash(tenantId, address);
    const hashes = all.map(hashIn);
    const entries = await suppressedAmong(
      tx,
      tenantId,
      hashes.filter((hash) => hash !== null),
    );
    return all.map(({ request, facts }, n) => {
      return { request, facts: { ...facts, suppressed: entries.has(hashes[n] ?? '') } };
    });
  }

  private async answer(
    request: Data<RequestOptIn>,
    facts: AskFacts & Askable,
  ): Promise<{ said: Outgoing; ask?: NewAsk }> {
    const again = facts.known && sayAgain(request, facts.known);
    if (again) return { said: again };
    const decision = facts.known ? notAskedAgain(facts) : decideAsk(facts);
    const removes = request.template === 'opt-in' || facts.remindsOfRemoval;
    if ('to' in decision) return this.compose(removes ? request : promisingNothing(request), facts, decision.to);
    const { tenantId, contactId, enrolmentId, emailId } = request;
    const not = { tenantId, contactId, enrolmentId, emailId, reason: decision.not, at: new Date().toISOString() };
    return { said: message(OptInNotSent, not) };
  }

  /** Only the mail, sealed, has the token. */
  private async compose(request: Data<RequestOptIn>, { name, language }: AskFacts, address: string) {
    const { tenantId, contactId, emailId, graceSeconds, template: purpose } = request;
    const token = randomBytes(32).toString('base64url');
    const about = { tenantId, contactId, purpose, emailId } as const;
    const linkUrl = `${this.config.OPT_IN_LINK_URL}${token}`;
    const sealed = await seal(this.keyring, { ...about, address, name: name ?? undefined, language, linkUrl });
    const said = message(SendEmail, { ...about, sealed, graceSeconds, attachments: [] });
    return { said, ask: { request, sealed, tokenHash: hashOf(token) } };
  }
}

/** A request with what is known of whom it is about. */
interface Known {
  readonly request: Data<RequestOptIn>;
  readonly facts: AskFacts;
}

/**
 * The requests, each mail once, with what its mail may promise. They are of one tenant, whose lock comes before those of the
 * contacts: a change of policy that has committed is obeyed.
 */
async function asPromised(tx: EntityManager, all: readonly RequestOptIn[]): Promise<Data<RequestOptIn>[]> {
  const requests = [...new Map(all.map((one) => [`${one.emailId} ${one.contactId}`, one])).values()];
  const tenantId = requests[0]?.tenantId;
  const known: unknown[] = await tx.query('SELECT 1 FROM tenant WHERE id = $1 FOR SHARE', [tenantId]);
  const removes = known.length > 0 && (await loadPolicy(tx, tenantId!)).policy === 'permanent';
  return removes ? requests : requests.map(promisingNothing);
}

const promisingNothing = (request: Data<RequestOptIn>): Data<RequestOptIn> => ({ ...request, graceSeconds: 0 });
