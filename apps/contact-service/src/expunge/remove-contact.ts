import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Requester } from '#contracts';
import { Outbox } from '#messaging';
import { type Actor, Audit } from '#service';
import { disableContacts } from './disable-contacts.js';
import type { ContactRemoved, RemovalAccepted } from './removal-answers.js';
import type { Judged } from './judge.js';
import { PostponeExpunge } from './postpone-expunge.js';
import { accept, type AcceptedExpunge, RequestExpunge } from './request-expunge.js';

export interface RemovalRequest {
  readonly requestedBy: Requester;
  readonly actor: Actor;
}

type Known = Pick<AcceptedExpunge, 'expungeId' | 'statusToken'>;

/** Carries out what was decided about a contact, whoever asked for it, and answers; what has happened already is answered again. */
@Injectable()
export class RemoveContact {
  constructor(
    private readonly requestExpunge: RequestExpunge,
    private readonly postponeExpunge: PostponeExpunge,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  /** In the transaction that judged the contact. */
  async execute(tx: EntityManager, judged: Judged, request: RemovalRequest): Promise<ContactRemoved> {
    switch (judged.decision) {
      case 'expunge':
        return this.expunge(tx, judged, request);
      case 'wait':
        return this.wait(tx, judged, request);
      case 'disable':
        return this.disable(tx, judged, request);
      case 'already-expunging':
        return this.answer('expunging', known(judged));
      case 'already-waiting':
        return this.answer('waiting', known(judged));
      case 'already-disabled':
        return { outcome: 'disabled' };
    }
  }

  private async expunge(tx: EntityManager, judged: Judged, request: RemovalRequest): Promise<RemovalAccepted> {
    const accepted = accept(request.requestedBy);
    await this.requestExpunge.execute(tx, [{ judged, accepted }]);
    await this.record(tx, judged, request, { action: 'expunge.requested', expungeId: accepted.expungeId });
    return this.answer('expunging', accepted);
  }

  private async wait(tx: EntityManager, judged: Judged, request: RemovalRequest): Promise<RemovalAccepted> {
    const accepted = accept(request.requestedBy);
    await this.postponeExpunge.execute(tx, [{ judged, accepted }]);
    await this.record(tx, judged, request, { action: 'expunge.postponed', expungeId: accepted.expungeId });
    return this.answer('waiting', accepted);
  }

  private async disable(tx: EntityManager, judged: Judged, request: RemovalRequest): Promise<ContactRemoved> {
    await disableContacts(tx, this.outbox, [{ contact: judged.contact, requestedBy: request.requestedBy }]);
    await this.record(tx, judged, request, { action: 'contact.disabled' });
    return { outcome: 'disabled' };
  }

  private answer(outcome: RemovalAccepted['outcome'], known: Known): RemovalAccepted {
    return { outcome, expungeId: known.expungeId, statusUrl: this.requestExpunge.statusUrlOf(known) };
  }

  private record(
    tx: EntityManager,
    { contact }: Judged,
    { actor, requestedBy }: RemovalRequest,
    { action, ...detail }: { action: string; expungeId?: string },
  ): Promise<void> {
    const entry = { tenantId: contact.tenantId, action, target: contact.id, detail: { ...detail, requestedBy } };
    return this.audit.record(tx, actor, entry);
  }
}

function known({ contact, waiting }: Judged): Known {
  const { expungeId, statusToken } = waiting ?? contact;
  if (expungeId === null || statusToken === null) throw new TypeError('neither waiting nor expunging');
  return { expungeId, statusToken };
}
