import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v5 as uuidv5 } from 'uuid';
import type { ContactAdded } from '#contracts';
import { lockSubjects } from '#erasure';
import type { BatchHandler, Received } from '#messaging';

/**
 * Enrols added contacts in the workflow their client has for the way they came in; people who signed up never are. A
 * contact that is known under another tenant is refused at the lock (and so parked).
 */
@Injectable()
export class EnrolContacts implements BatchHandler<ContactAdded> {
  async handle(messages: readonly Received<ContactAdded>[], tx: EntityManager): Promise<void> {
    const added = messages.map(({ data }) => data).filter((contact) => contact.source !== 'career-site');
    const subjects = await lockSubjects(tx, added);
    const living = added.filter((contact) => !subjects.get(contact.contactId)?.tombstone);
    if (living.length === 0) return;
    await tx.query(
      `WITH enrolled AS (
         INSERT INTO enrolment (id, tenant_id, workflow_id, contact_id)
         SELECT c.id, w.tenant_id, w.id, c.contact_id
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[]) AS c (id, tenant_id, contact_id, source)
         JOIN workflow w ON w.tenant_id = c.tenant_id AND w.trigger = c.source
         ON CONFLICT DO NOTHING
         RETURNING id, tenant_id, contact_id)
       INSERT INTO timer (enrolment_id, tenant_id, contact_id, step, due_at)
       SELECT id, tenant_id, contact_id, 'send-opt-in', now() FROM enrolled`,
      [
        living.map((contact) => uuidv5('enrolment', contact.contactId)),
        living.map((contact) => contact.tenantId),
        living.map((contact) => contact.contactId),
        living.map((contact) => contact.source),
      ],
    );
  }
}
