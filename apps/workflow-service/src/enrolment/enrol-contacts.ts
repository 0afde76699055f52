import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { ContactAdded } from '#contracts';
import { lockSubjects } from '#erasure';
import type { BatchHandler, Received } from '#messaging';
import { activeWorkflows, lockDefinitions } from '../workflows/active-workflows.js';
import { enrol } from './enrol.js';
import { lookUpByKey } from './look-up-by-key.js';

/**
 * Notes contacts that somebody else has put in, and enrols them in the workflow their client has for that way in; people who
 * signed up never are, and nothing about them is noted. A contact that is known under another tenant is refused at the lock
 * (and so parked).
 */
@Injectable()
export class EnrolContacts implements BatchHandler<ContactAdded> {
  async handle(messages: readonly Received<ContactAdded>[], tx: EntityManager): Promise<void> {
    const added = messages.map(({ data }) => data).filter((contact) => contact.source !== 'career-site');
    await lookUpByKey(tx);
    const subjects = await lockSubjects(tx, added);
    const living = added.filter((contact) => !subjects.get(contact.contactId)?.tombstone);
    const [first] = living;
    if (!first) return;
    await lockDefinitions(tx, first.tenantId, 'to-enrol');
    await noteFacts(tx, living);
    await enrol(tx, await activeWorkflows(tx, first.tenantId), living);
  }
}

/** Under the lock of the definitions, so that `known_at` is after every activation that has not counted them. */
async function noteFacts(tx: EntityManager, contacts: readonly ContactAdded[]): Promise<void> {
  await tx.query(
    `INSERT INTO contact_fact (contact_id, tenant_id, source, import_id, country, added_at)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[])
     ON CONFLICT DO NOTHING`,
    [
      contacts.map(({ contactId }) => contactId),
      contacts.map(({ tenantId }) => tenantId),
      contacts.map(({ source }) => source),
      contacts.map(({ importId }) => importId),
      contacts.map(({ country }) => country),
      contacts.map(({ at }) => at),
    ],
  );
}
