import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactDisabled } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';
import { noteDecision } from './contact-decisions.js';

/** The contact was soft-deleted: nobody asks it, and nobody removes it for its silence. */
@Injectable()
export class EndForDisabled implements BatchHandler<ContactDisabled> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<ContactDisabled>[], tx: EntityManager): Promise<void> {
    const contacts = messages.map(({ data }) => data);
    const input = { kind: 'contact-disabled' } as const;
    await this.inputs.execute(
      tx,
      contacts.map(({ tenantId, contactId }) => ({ tenantId, contactId, input })),
    );
    await noteDecision(tx, 'disabled_at', contacts);
  }
}
