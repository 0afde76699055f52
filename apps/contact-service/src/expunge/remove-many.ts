import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ExpungeReason, Requester } from '#contracts';
import { Outbox } from '#messaging';
import { Audit, type AuditEntry } from '#service';
import { disableContacts } from './disable-contacts.js';
import type { ExpungeDecision } from './expunge.decision.js';
import type { Judged } from './judge.js';
import { PostponeExpunge } from './postpone-expunge.js';
import { accept, type Beginning, RequestExpunge } from './request-expunge.js';

interface Removal {
  readonly requestedBy: Requester;
  readonly reason: ExpungeReason;
}

/** Carries out what was decided about many contacts, for a timer; those that something has happened to already stay as they are. */
@Injectable()
export class RemoveMany {
  constructor(
    private readonly requestExpunge: RequestExpunge,
    private readonly postponeExpunge: PostponeExpunge,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** In the transaction that judged them. */
  async execute(tx: EntityManager, judged: readonly Judged[], { requestedBy, reason }: Removal): Promise<void> {
    const decided = (decision: ExpungeDecision): Beginning[] =>
      judged
        .filter((one) => one.decision === decision)
        .map((one) => ({ judged: one, accepted: accept(requestedBy, { reason }) }));
    const [expunged, postponed, disabled] = [decided('expunge'), decided('wait'), decided('disable')];
    await this.requestExpunge.execute(tx, expunged);
    await this.postponeExpunge.execute(tx, postponed);
    await disableContacts(
      tx,
      this.outbox,
      disabled.map(({ judged: { contact } }) => ({ contact, requestedBy })),
    );
    await this.audit.record(
      tx,
      'system',
      ...expunged.map(entry('expunge.requested')),
      ...postponed.map(entry('expunge.postponed')),
      ...disabled.map(entry('contact.disabled')),
    );
  }
}

const entry =
  (action: string) =>
  ({ judged: { contact }, accepted: { expungeId, requestedBy, reason } }: Beginning): AuditEntry => ({
    tenantId: contact.tenantId,
    action,
    target: contact.id,
    detail: { ...(action === 'contact.disabled' ? {} : { expungeId }), requestedBy, reason } as AuditEntry['detail'],
  });
