import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { EraseContactData } from '#contracts';
import { jointStore, type Participant, type Store, tableStore } from '#erasure';
import { importRows } from '../imports/import-rows-store.js';
import { SuppressAddresses } from '../suppression/suppress-addresses.js';

/**
 * What this service holds of a contact, and what it keeps: the ledger of addresses, and for four days at most the file of an
 * import under way, whose row of this person will be left out.
 */
@Injectable()
export class ContactParticipant {
  constructor(private readonly suppressAddresses: SuppressAddresses) {}

  /** For one batch: the hashes of its addresses lead to the rows of import reports, also when the contacts are gone. */
  forBatch(): Participant {
    const hashes = new Map<string, string>();
    return {
      name: 'contact-service',
      stores: [importRows(hashes), ...STORES],
      refuse: notRequested,
      beforeErase: async (tx, contacts) => {
        for (const [contactId, hash] of await this.suppressAddresses.execute(tx, contacts)) hashes.set(contactId, hash);
      },
    };
  }
}

/** The contact comes last: all else points to it. */
const STORES: readonly Store[] = [
  tableStore('notes', { table: 'note' }),
  tableStore('consent_requests', { table: 'opt_in_ask' }),
  // Joined: the certificate goes to the person, who is not told of a legal hold, nor that one put off the removal.
  jointStore('request_records', [
    tableStore('holds', { table: 'hold' }),
    tableStore('waiting_requests', { table: 'waiting_expunge' }),
    tableStore('removal_links', { table: 'removal_link' }),
    tableStore('put_off_removals', { table: 'expunge_decline' }),
  ]),
  tableStore('contacts', { table: 'contact', column: 'id' }),
];

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
