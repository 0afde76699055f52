import { createHmac, createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { erase, lock } from './erase.js';
import { consume, type Message } from './kafka.js';
import { startRelay } from './outbox.js';

const STORES = [
  { name: 'notes', table: 'note' },
  { name: 'consent_requests', table: 'opt_in_ask' },
  { name: 'holds', table: 'hold' },
  { name: 'waiting_requests', table: 'waiting_expunge' },
  { name: 'removal_links', table: 'removal_link' },
  { name: 'put_off_removals', table: 'expunge_decline' },
  { name: 'import_rows', table: 'import_row' },
  { name: 'contacts', table: 'contact', column: 'id' },
];

const { keys } = JSON.parse(readFileSync(process.env.SUPPRESSION_KEY_FILE!, 'utf8')) as { keys: { k: string }[] };
const key = createSecretKey(Buffer.from(keys[0]!.k, 'base64url'));

const wake = await startRelay();
await consume(
  'contact-service',
  ['expunge.commands', 'contact.expunged', 'notification.events', 'contact.commands'],
  async (db, messages) => {
    const of = Map.groupBy(messages, ({ type }) => type);
    await eraseContacts(db, of.get('EraseContactData.v1') ?? []);
    await noteExpunged(db, of.get('ContactExpunged.v1') ?? []);
    await noteConfirmed(db, of.get('EmailAccepted.v1') ?? []);
  },
  wake,
);

async function eraseContacts(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  await lock(db, messages);
  await suppress(db, messages);
  await erase(db, 'contact-service', STORES, messages);
}

/** Notes the addresses in the ledger of those who may not be added again. */
async function suppress(db: pg.Client, messages: readonly Message[]): Promise<void> {
  const { rows } = await db.query<Record<'tenant_id' | 'email_normalised' | 'expunge_id' | 'reason', string>>(
    `SELECT contact.tenant_id, contact.email_normalised, removal.expunge_id, removal.reason
     FROM contact JOIN removal USING (expunge_id) WHERE contact.id = ANY($1::uuid[])`,
    [messages.map(({ data }) => data.contactId)],
  );
  await db.query(
    `INSERT INTO suppression (id, tenant_id, address_hash, kind, reason, expunge_id, until)
     SELECT id, tenant_id, hash, 'removed', reason, expunge_id, now() + interval '1095 days'
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[]) AS e (id, tenant_id, hash, reason, expunge_id)
     ON CONFLICT (tenant_id, address_hash) DO UPDATE SET reason = EXCLUDED.reason`,
    [
      rows.map(() => uuidv7()),
      rows.map((row) => row.tenant_id),
      rows.map((row) => createHmac('sha256', key).update(row.email_normalised).digest('base64url')),
      rows.map((row) => row.reason),
      rows.map((row) => row.expunge_id),
    ],
  );
}

async function noteExpunged(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  await db.query(
    `UPDATE removal SET expunged_at = e.at, certificate_id = e.certificate
     FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) AS e (id, at, certificate) WHERE removal.expunge_id = e.id`,
    [
      messages.map(({ data }) => data.expungeId),
      messages.map(({ data }) => data.completedAt),
      messages.map(({ data }) => data.certificateId),
    ],
  );
  await lock(db, messages);
}

async function noteConfirmed(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  await db.query(
    `UPDATE removal SET confirmed_at = e.at FROM unnest($1::uuid[], $2::timestamptz[]) AS e (id, at)
     WHERE removal.expunge_id = e.id`,
    [messages.map(({ data }) => data.expungeId), messages.map(({ data }) => data.at)],
  );
}
