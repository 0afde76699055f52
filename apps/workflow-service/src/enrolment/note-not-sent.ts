import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { OptInNotSent } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';

/** contact-service sends no mail to this contact: what its reason says decides. */
@Injectable()
export class NoteNotSent implements BatchHandler<OptInNotSent> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<OptInNotSent>[], tx: EntityManager): Promise<void> {
    await this.inputs.execute(
      tx,
      messages.map(({ data: { tenantId, contactId, enrolmentId, emailId, reason } }) => {
        return { tenantId, contactId, enrolmentId, input: { kind: 'opt-in-not-sent', emailId, reason } };
      }),
    );
  }
}
