import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import type { ContactDataErased, Outgoing } from '#contracts';
import { type BatchHandler, failPoint, Outbox, type Received } from '#messaging';
import { SignCertificate } from '../certificate/sign-certificate.js';
import { controllersOf } from '../tenants/controllers.js';
import { refuseForeignSender } from './acknowledgement.js';
import { applyInputs } from './apply-inputs.js';
import type { ExpungeState, Input } from './expunge-state.process.js';
import { announce, awaitsCertificate } from './expunge.process.js';
import { type ChangedRequest, writeRequests } from './request-rows.js';

/**
 * Records what participants have proved. A request whose last proof this is gets its certificate, and the world and the
 * person are told, all in this transaction: there is never one without the others.
 */
@Injectable()
export class RecordEvidence implements BatchHandler<ContactDataErased> {
  private readonly logger = new Logger(RecordEvidence.name);

  constructor(
    private readonly outbox: Outbox,
    private readonly certificates: SignCertificate,
  ) {}

  async handle(messages: readonly Received<ContactDataErased>[], tx: EntityManager): Promise<void> {
    for (const { source, data } of messages) refuseForeignSender(source, data.participant);
    const now = new Date().toISOString();
    const inputs = messages.map(({ data }) => toInput(data, now));
    const { changed } = await applyInputs(inputs, tx, this.logger);
    const open = changed.filter((state) => !awaitsCertificate(state));
    const complete = await this.certify(changed.filter(awaitsCertificate), tx);
    if (complete.length > 0) failPoint('process.certified');
    await writeRequests(tx, [...open.map((state) => ({ state })), ...complete]);
    await this.outbox.add(
      tx,
      complete.flatMap((request) => request.messages),
    );
    if (complete.length > 0) failPoint('process.announced');
  }

  private async certify(
    complete: readonly ExpungeState[],
    tx: EntityManager,
  ): Promise<(ChangedRequest & { messages: Outgoing[] })[]> {
    if (complete.length === 0) return [];
    const controllers = await controllersOf(
      tx,
      complete.map(({ tenantId }) => tenantId),
    );
    const sign = await this.certificates.signer();
    return complete.map((state) => {
      const { certificateId, certificate } = sign(state, controllers(state.tenantId));
      // The same mail whoever asks for it, however often.
      const emailId = uuidv5('expunge-confirmation', state.expungeId);
      return { certificate, ...announce(state, { certificateId, certificate, emailId }) };
    });
  }
}

function toInput(data: ContactDataErased, now: string): Input {
  const { expungeId, tenantId, contactId, participant, outcome, at } = data;
  const stores = data.stores.map(({ store, erased, remaining }) => ({ store, erased, remaining }));
  return { kind: 'erased', expungeId, tenantId, contactId, participant, outcome, stores, at, now };
}
