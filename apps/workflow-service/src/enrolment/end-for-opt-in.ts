import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactOptedIn } from '#contracts';
import type { BatchHandler, Received } from '#messaging';
import { ApplyInputs } from './apply-inputs.js';
import { noteDecision } from './contact-decisions.js';

/** The contact agreed to be here: its enrolments are over, and it is enrolled in none any more. */
@Injectable()
export class EndForOptIn implements BatchHandler<ContactOptedIn> {
  constructor(private readonly inputs: ApplyInputs) {}

  async handle(messages: readonly Received<ContactOptedIn>[], tx: EntityManager): Promise<void> {
    const contacts = messages.map(({ data }) => data);
    const input = { kind: 'contact-opted-in' } as const;
    await this.inputs.execute(
      tx,
      contacts.map(({ tenantId, contactId }) => ({ tenantId, contactId, input })),
    );
    await noteDecision(tx, 'opted_in_at', contacts);
  }
}
