import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { v5 as uuidv5 } from 'uuid';
import { signCertificate } from './certificate.js';
import { consume, type Message } from './kafka.js';
import { add, type Outgoing, startRelay } from './outbox.js';
import type { Request } from './request.js';

const NAME = 'privacy-service';
const PARTICIPANTS = ['contact-service', 'workflow-service', 'notification-service'];

const wake = await startRelay();
await consume(
  NAME,
  ['expunge.requests', 'expunge.acks', 'notification.events', 'tenant.events'],
  async (db, messages) => {
    const of = Map.groupBy(messages, ({ type }) => type);
    await open(db, of.get('ExpungeRequested.v1') ?? []);
    await record(db, of.get('ContactDataErased.v1') ?? []);
    await confirm(db, of.get('EmailAccepted.v1') ?? []);
  },
  wake,
);

async function open(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const column = (name: string): unknown[] => messages.map(({ data }) => data[name] as unknown);
  await db.query(
    `INSERT INTO expunge_request (expunge_id, tenant_id, contact_id, reason, requested_by, requested_at, status_token_hash,
       subject_commitment, sealed_recipient, state, participants, asked_times, ask_again_at)
     SELECT n.*, 'erasing', $10, 1, now() + interval '60 seconds'
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::text[],
       $9::text[]) AS n ON CONFLICT (expunge_id) DO NOTHING`,
    [
      ...['expungeId', 'tenantId', 'contactId', 'reason', 'requestedBy', 'requestedAt', 'statusTokenHash'].map(column),
      column('subjectCommitment'),
      column('sealedRecipient'),
      JSON.stringify(PARTICIPANTS.map((name) => ({ name }))),
    ],
  );
  await add(
    db,
    NAME,
    messages.map(({ traceparent, data: { tenantId, contactId, expungeId } }) => {
      const data = { tenantId, contactId, expungeId, participants: PARTICIPANTS };
      return { topic: 'expunge.commands', type: 'EraseContactData', traceparent, data };
    }),
  );
}

async function record(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const ids = [...new Set(messages.map(({ data }) => data.expungeId as string))].sort();
  const { rows } = await db.query<Request>(
    `SELECT r.* FROM unnest($1::uuid[]) AS wanted (id)
     CROSS JOIN LATERAL (SELECT * FROM expunge_request WHERE expunge_id = wanted.id FOR UPDATE) AS r`,
    [ids],
  );
  const requests = new Map(rows.map((row) => [row.expunge_id, row]));
  const outgoing: Outgoing[] = [];
  for (const { traceparent, data } of messages) {
    const request = requests.get(data.expungeId as string)!;
    const { participant, outcome, at, stores } = data;
    const participants = request.participants.map((one) =>
      one.name === participant ? { name: participant, outcome, at, stores } : one,
    );
    request.participants = participants;
    if (participants.every((one) => one.outcome !== undefined)) outgoing.push(...complete(request, traceparent));
  }
  await write(db, rows);
  await add(db, NAME, outgoing);
}

function complete(request: Request, traceparent: string): Outgoing[] {
  const at = new Date();
  Object.assign(request, { state: 'expunged', completed_at: at, certificate_id: randomUUID() });
  request.certificate = signCertificate(request);
  request.email_id = uuidv5('expunge-confirmation', request.expunge_id);
  const ids = { tenantId: request.tenant_id, contactId: request.contact_id, expungeId: request.expunge_id };
  const expunged = {
    ...ids,
    reason: request.reason,
    requestedAt: request.requested_at.toISOString(),
    completedAt: at.toISOString(),
    certificateId: request.certificate_id,
  };
  const content = request.certificate;
  const attachments = [{ filename: 'certificate.jws', contentType: 'application/jose', content }];
  const mail = { emailId: request.email_id, purpose: 'expunge-confirmation', sealed: request.sealed_recipient };
  return [
    { topic: 'contact.expunged', type: 'ContactExpunged', traceparent, data: expunged },
    { topic: 'notification.commands', type: 'SendEmail', traceparent, data: { ...ids, ...mail, attachments } },
  ];
}

async function write(db: pg.Client, rows: readonly Request[]): Promise<void> {
  await db.query(
    `UPDATE expunge_request r SET state = n.state, participants = n.participants, completed_at = n.completed_at,
       certificate_id = n.certificate_id, certificate = n.certificate, email_id = n.email_id,
       ask_again_at = CASE WHEN n.state = 'erasing' THEN r.ask_again_at END
     FROM unnest($1::uuid[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::uuid[], $6::text[], $7::uuid[])
       AS n (expunge_id, state, participants, completed_at, certificate_id, certificate, email_id)
     WHERE r.expunge_id = n.expunge_id`,
    [
      rows.map((row) => row.expunge_id),
      rows.map((row) => row.state),
      rows.map((row) => JSON.stringify(row.participants)),
      rows.map((row) => row.completed_at),
      rows.map((row) => row.certificate_id),
      rows.map((row) => row.certificate),
      rows.map((row) => row.email_id),
    ],
  );
}

async function confirm(db: pg.Client, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  await db.query(
    `UPDATE expunge_request r SET state = 'confirmed', confirmed_at = n.at, sealed_recipient = NULL
     FROM unnest($1::uuid[], $2::timestamptz[]) AS n (expunge_id, at) WHERE r.expunge_id = n.expunge_id`,
    [messages.map(({ data }) => data.expungeId), messages.map(({ data }) => data.at)],
  );
}
