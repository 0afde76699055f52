import type { EntityManager } from 'typeorm';
import type { EraseContactData } from '#contracts';
import { jointStore, type Participant, tableStore } from '#erasure';

/** What this service holds of a contact. The contact comes last: all else points to it. */
export const participant: Participant = {
  name: 'contact-service',
  stores: [
    tableStore('notes', { table: 'note' }),
    // Joined: the certificate goes to the person, who is not told of a legal hold.
    jointStore('request_records', [
      tableStore('holds', { table: 'hold' }),
      tableStore('waiting_requests', { table: 'waiting_expunge' }),
      tableStore('removal_links', { table: 'removal_link' }),
    ]),
    tableStore('contacts', { table: 'contact', column: 'id' }),
  ],
  refuse: notRequested,
};

/**
 * Nobody is deleted by mistake: whatever a command says, only a contact that is expunging here, under exactly this
 * request, is deleted. The subject rows are locked already, so the state cannot change under this look.
 */
async function notRequested(tx: EntityManager, commands: readonly EraseContactData[]): Promise<Map<string, string>> {
  const rows: { contact_id: string }[] = await tx.query(
    `SELECT command.contact_id FROM unnest($1::uuid[], $2::uuid[]) AS command (contact_id, expunge_id)
     LEFT JOIN contact ON contact.id = command.contact_id AND contact.expunge_id = command.expunge_id
       AND contact.state = 'expunging'
     WHERE contact.id IS NULL`,
    [commands.map((command) => command.contactId), commands.map((command) => command.expungeId)],
  );
  return new Map(rows.map((row) => [row.contact_id, 'not-requested']));
}
