import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from './database.js';
import { erase, lock } from './erase.js';
import { consume, type Message } from './kafka.js';
import { type Mail, send } from './mail.js';
import { add, startRelay } from './outbox.js';

const AT_ONCE = 200;
const NOT_CONFIRMATION = `purpose <> 'expunge-confirmation'`;
const STORES = [
  { name: 'mails', table: 'mail', where: NOT_CONFIRMATION },
  { name: 'mail_records', table: 'mail_outcome', where: NOT_CONFIRMATION },
  { name: 'mail_bounces', table: 'mail_bounce', where: NOT_CONFIRMATION },
];

let stored = new AbortController();
const wakeRelay = await startRelay();
// Two take turns, so that the connections are busy while one of them is at the database.
for (let n = 0; n < 2; n += 1) void sendForEver(await connect());
await consume(
  'notification-service',
  ['expunge.commands', 'notification.commands', 'contact.expunged', 'tenant.events'],
  async (db, messages) => {
    const of = Map.groupBy(messages, ({ type }) => type);
    const commands = of.get('EraseContactData.v1') ?? [];
    const mails = of.get('SendEmail.v1') ?? [];
    const about = [...commands, ...mails, ...(of.get('ContactExpunged.v1') ?? [])];
    if (about.length > 0) await lock(db, about);
    await erase(db, 'notification-service', STORES, commands);
    await store(db, mails);
  },
  () => {
    wakeRelay();
    stored.abort('stored');
  },
);

async function store(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const column = (name: string): unknown[] => messages.map(({ data }) => data[name] as unknown);
  await db.query(
    `INSERT INTO mail (email_id, tenant_id, contact_id, expunge_id, purpose, sealed, attachments)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::jsonb[])
     ON CONFLICT DO NOTHING`,
    [
      ...['emailId', 'tenantId', 'contactId', 'expungeId', 'purpose', 'sealed'].map(column),
      column('attachments').map((attachments) => JSON.stringify(attachments)),
    ],
  );
}

async function sendForEver(db: pg.Client): Promise<void> {
  for (;;) {
    stored = stored.signal.aborted ? new AbortController() : stored;
    const { signal } = stored;
    const { rows } = await db.query<Mail>(
      `UPDATE mail SET lease_id = $1, lease_until = now() + interval '80 seconds' WHERE email_id IN (
         SELECT email_id FROM mail WHERE lease_until IS NULL AND due_at <= now() ORDER BY due_at LIMIT $2
         FOR UPDATE SKIP LOCKED) RETURNING *`,
      [randomUUID(), AT_ONCE],
    );
    if (rows.length === 0) await sleep(250, undefined, { signal }).catch(() => undefined);
    else {
      await Promise.all(rows.map((mail) => send(mail)));
      await record(db, rows);
      wakeRelay();
    }
  }
}

async function record(db: pg.Client, mails: readonly Mail[]): Promise<void> {
  const at = new Date().toISOString();
  await db.query('BEGIN');
  await db.query('SELECT 1 FROM subject WHERE contact_id = ANY($1::uuid[]) ORDER BY contact_id FOR UPDATE', [
    mails.map(({ contact_id }) => contact_id),
  ]);
  await db.query(
    `WITH over AS (DELETE FROM mail WHERE email_id = ANY($1::uuid[])
       RETURNING email_id, tenant_id, contact_id, expunge_id, purpose)
     INSERT INTO mail_outcome (email_id, tenant_id, contact_id, expunge_id, purpose, outcome)
     SELECT email_id, tenant_id, contact_id, expunge_id, purpose, 'accepted' FROM over`,
    [mails.map(({ email_id }) => email_id)],
  );
  await add(
    db,
    'notification-service',
    mails.map((mail) => {
      const { tenant_id: tenantId, contact_id: contactId, email_id: emailId, expunge_id: expungeId, purpose } = mail;
      const data = { tenantId, contactId, emailId, purpose, expungeId, at };
      return { topic: 'notification.events', type: 'EmailAccepted', traceparent: TRACE, data };
    }),
  );
  await db.query('COMMIT');
}

const TRACE = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
