import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { connect } from './speed-of-light/database.js';
import { add, startRelay } from './speed-of-light/outbox.js';

// What timers.ts compares with, in a process of its own: the same timers of the same tables onto the same topic, from either
// end too, with outbox and relay, but with no framework, no definitions, judging, validation, traces, logs and metrics.
const CHUNK = 2_000;
const GRACE_SECONDS = 2_592_000;
const wake = await startRelay();
await Promise.all([fireFrom('ASC'), fireFrom('DESC')]);

async function fireFrom(order: 'ASC' | 'DESC'): Promise<never> {
  const db = await connect();
  // As look-up-by-key.ts does, once for all.
  await db.query(`SELECT set_config('enable_' || name, 'off', false)
    FROM unnest(ARRAY['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin', 'sort']) AS name`);
  for (;;) {
    if ((await fire(db, order)) === 0) await sleep(100);
    else wake();
  }
}

interface Row {
  readonly tenant_id: string;
  readonly contact_id: string;
  readonly id: string;
  readonly opt_in_mail: string;
}

async function fire(db: pg.Client, order: 'ASC' | 'DESC'): Promise<number> {
  await db.query('BEGIN');
  const { rows } = await db.query<Row>(
    `WITH claimed AS MATERIALIZED (
       SELECT t.contact_id, t.enrolment_id FROM timer t JOIN subject s USING (contact_id)
       WHERE t.due_at <= now() ORDER BY t.due_at ${order} LIMIT ${CHUNK} FOR UPDATE OF s SKIP LOCKED),
     taken AS (
       DELETE FROM timer t USING claimed c WHERE t.contact_id = c.contact_id AND t.enrolment_id = c.enrolment_id
       RETURNING t.enrolment_id)
     UPDATE enrolment e SET state = 'expunging', asked_at = now(), changed_at = now() FROM taken
     WHERE e.id = taken.enrolment_id RETURNING e.tenant_id, e.contact_id, e.id, e.opt_in_mail`,
  );
  await add(
    db,
    'workflow-service',
    rows.map((row) => ({
      topic: 'contact.commands',
      type: 'ExpungeContact',
      traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
      data: {
        tenantId: row.tenant_id,
        contactId: row.contact_id,
        enrolmentId: row.id,
        emailId: row.opt_in_mail,
        graceSeconds: GRACE_SECONDS,
      },
    })),
  );
  await db.query('COMMIT');
  return rows.length;
}
