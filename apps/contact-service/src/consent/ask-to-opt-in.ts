import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { message, OptInNotSent, type Outgoing, type RequestOptIn, SendEmail } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { type BatchHandler, failPoint, Outbox, type Received } from '#messaging';
import { KeyringFile, seal } from '#service';
import { ContactConfig } from '../config.js';
import { ofUndoneImports } from '../imports/undone-imports.js';
import { hashOf } from '../removal-by-address/removal-link.js';
import { decideAsk } from './ask.decision.js';
import { type AskFacts, factsOf, type NewAsk, storeAsks } from './opt-in-ask.js';

/**
 * Asks contacts by mail to opt in, or says why not. The mail goes to the address as it is under the contact's lock, and is
 * stored together with the order to send it: a mail that was asked for before is on its way, so a repeat does nothing.
 */
@Injectable()
export class AskToOptIn implements BatchHandler<RequestOptIn> {
  constructor(
    private readonly outbox: Outbox,
    private readonly keyring: KeyringFile,
    private readonly config: ContactConfig,
  ) {}

  async handle(messages: readonly Received<RequestOptIn>[], tx: EntityManager): Promise<void> {
    const requests = new Map(messages.map(({ data }) => [`${data.emailId} ${data.contactId}`, data]));
    const contactIds = new Set([...requests.values()].map(({ contactId }) => contactId));
    await lockKnownSubjects(tx, [...contactIds]);
    const undone = await ofUndoneImports(tx, [...contactIds]);
    const all = await factsOf(tx, [...requests.values()]);
    const answers = all
      .filter(({ facts }) => !facts.known)
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

  private async answer(request: RequestOptIn, facts: AskFacts): Promise<{ said: Outgoing; ask?: NewAsk }> {
    const decision = decideAsk(facts);
    if ('to' in decision) return this.compose(request, facts, decision.to);
    const { tenantId, contactId, enrolmentId, emailId } = request;
    const not = { tenantId, contactId, enrolmentId, emailId, reason: decision.not, at: new Date().toISOString() };
    return { said: message(OptInNotSent, not) };
  }

  /** Only the mail, sealed, has the token. */
  private async compose(request: RequestOptIn, { name, language }: AskFacts, address: string) {
    const { tenantId, contactId, emailId, graceSeconds, template: purpose } = request;
    const token = randomBytes(32).toString('base64url');
    const about = { tenantId, contactId, purpose, emailId } as const;
    const linkUrl = `${this.config.OPT_IN_LINK_URL}${token}`;
    const sealed = await seal(this.keyring, { ...about, address, name: name ?? undefined, language, linkUrl });
    const said = message(SendEmail, { ...about, sealed, graceSeconds, attachments: [] });
    return { said, ask: { request, tokenHash: hashOf(token) } };
  }
}
