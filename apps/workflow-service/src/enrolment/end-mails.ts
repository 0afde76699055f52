import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactDeclined } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';
import { noteDecision } from './contact-decisions.js';

/** The contact does not want to be asked again: no further mails; the waits run on to the removal. */
@Injectable()
export class EndMails implements BatchHandler<ContactDeclined> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<ContactDeclined>[], tx: EntityManager): Promise<void> {
    const contacts = messages.map(({ data }) => data);
    const input = { kind: 'contact-declined' } as const;
    await this.inputs.execute(
      tx,
      contacts.map(({ tenantId, contactId }) => ({ tenantId, contactId, input })),
    );
    await noteDecision(tx, 'declined_at', contacts);
  }
}
