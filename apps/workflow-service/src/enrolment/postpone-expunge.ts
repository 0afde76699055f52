import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ExpungeDeclined } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';

/** contact-service does not remove the contact: for now, and it is asked again, or for good. */
@Injectable()
export class PostponeExpunge implements BatchHandler<ExpungeDeclined> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<ExpungeDeclined>[], tx: EntityManager): Promise<void> {
    await this.inputs.execute(
      tx,
      messages.map(({ data: { tenantId, contactId, enrolmentId, reason } }) => {
        return { tenantId, contactId, enrolmentId, input: { kind: 'expunge-declined', reason } };
      }),
    );
  }
}
