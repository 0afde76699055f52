import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { TestSystem } from '../support/test-system.js';

const CHUNK = 50_000;
/** Contacts are numbered; those with an account of their own from here on. */
const FIRST_ACCOUNT = 1_000_000_000;

/** The id of contact `n` in every database: a UUIDv7 that everybody can work out, in the order of the numbers. */
const ID = `(lpad(to_hex(1700000000000 + n), 12, '0') || '7' || left(md5('a' || n), 3) || '8' || left(md5('b' || n), 15))::uuid`;
const IDS = `made AS MATERIALIZED (SELECT n, ${ID} AS id FROM generate_series($2::bigint, $3::bigint) AS n)`;
/** Of the mail that asked contact `n` to opt in, and of the enrolment. */
const MAIL = `md5('mail' || n)::uuid`;
const ENROLMENT = `md5('enrolment' || n)::uuid`;

/** A person with an account on the career site. */
export interface Account {
  readonly candidateSubject: string;
  readonly email: string;
}

/** Fills the databases with contacts, set-wise and in the form in which the services write them. */
export interface Seed {
  /** Imported contacts who were asked to opt in a day ago and have a month for it; up to `total` of them. */
  stored(total: number): Promise<void>;
  /** People with accounts of their own, who can press Delete Account, each with a note of a recruiter. */
  accounts(count: number): Promise<Account[]>;
}

export async function seedFor(system: TestSystem, tenantId: string): Promise<Seed> {
  const workflowId = randomUUID();
  await on(system, 'workflow_service', (db) => addWorkflow(db, tenantId, workflowId));
  const seeded = { stored: 0, accounts: FIRST_ACCOUNT };
  return {
    async stored(total) {
      for (let from = seeded.stored + 1; from <= total; from += CHUNK) {
        const range = [from, Math.min(total, from + CHUNK - 1)] as const;
        await Promise.all([
          on(system, 'contact_service', (db) => run(db, STORED.contact, [tenantId, ...range, workflowId])),
          on(system, 'workflow_service', (db) => run(db, STORED.workflow, [tenantId, ...range, workflowId])),
          on(system, 'notification_service', (db) => run(db, STORED.notification, [tenantId, ...range])),
        ]);
      }
      seeded.stored = Math.max(seeded.stored, total);
      await settle(system);
    },
    async accounts(count) {
      const from = seeded.accounts;
      seeded.accounts += count;
      await on(system, 'contact_service', (db) => run(db, ACCOUNTS, [tenantId, from, from + count - 1]));
      await settle(system);
      return Array.from({ length: count }, (_, i) => {
        return { candidateSubject: `candidate-${from + i}`, email: `lena.${from + i}@example.net` };
      });
    },
  };
}

async function run(db: pg.Client, statements: readonly string[], values: readonly unknown[]): Promise<void> {
  await db.query('BEGIN');
  for (const statement of statements) {
    const used = values.filter((_, i) => statement.includes(`$${i + 1}`));
    await db.query(statement, used);
  }
  await db.query('COMMIT');
}

const SUBJECTS = `WITH ${IDS} INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM made`;

const STORED = {
  contact: [
    SUBJECTS,
    `WITH ${IDS}
     INSERT INTO contact (id, tenant_id, import_id, source, source_detail, lawful_basis, email, email_normalised, given_name,
       given_key, family_name, family_key, phone, language, country)
     SELECT id, $1, md5('import' || n / 100000)::uuid, 'import', 'Fair', 'consent', 'person.' || n || '@example.org',
       'person.' || n || '@example.org', 'Zoë' || n % 5000, 'zoe' || n % 5000, 'Ångström' || n, 'angstrom' || n,
       '+46 70 ' || n, 'sv', 'SE' FROM made`,
    `WITH ${IDS}
     INSERT INTO opt_in_ask (email_id, tenant_id, contact_id, enrolment_id, workflow_id, template, token_hash, grace_seconds,
       link_valid_seconds, asked_at, accepted_at)
     SELECT ${MAIL}, $1, id, ${ENROLMENT}, $4::uuid, 'opt-in', 'hash-' || n, 2592000, 5184000, now() - interval '1 day',
       now() - interval '1 day' FROM made`,
  ],
  workflow: [
    SUBJECTS,
    `WITH ${IDS}
     INSERT INTO contact_fact (contact_id, tenant_id, source, import_id, country, added_at)
     SELECT id, $1, 'import', md5('import' || n / 100000)::uuid, 'SE', now() - interval '2 days' FROM made`,
    `WITH ${IDS}
     INSERT INTO enrolment (id, tenant_id, contact_id, workflow_id, version, step, opt_in_mail, accepted_at)
     SELECT ${ENROLMENT}, $1, id, $4::uuid, 1, 1, ${MAIL}, now() - interval '1 day' FROM made`,
    `WITH ${IDS}
     INSERT INTO timer (contact_id, enrolment_id, tenant_id, due_at)
     SELECT id, ${ENROLMENT}, $1, now() + interval '29 days' FROM made`,
  ],
  notification: [
    SUBJECTS,
    `WITH ${IDS}
     INSERT INTO mail_outcome (email_id, tenant_id, contact_id, purpose, outcome, at)
     SELECT ${MAIL}, $1, id, 'opt-in', 'accepted', now() - interval '1 day' FROM made`,
  ],
};

const ACCOUNTS = [
  SUBJECTS,
  `WITH ${IDS}
   INSERT INTO contact (id, tenant_id, source, email, email_normalised, given_name, given_key, family_name, family_key,
     language, candidate_subject)
   SELECT id, $1, 'career-site', 'lena.' || n || '@example.net', 'lena.' || n || '@example.net', 'Lena', 'lena',
     'Berg' || n, 'berg' || n, 'en', 'candidate-' || n FROM made`,
  `WITH ${IDS}
   INSERT INTO note (id, tenant_id, contact_id, author_subject, body)
   SELECT md5('note' || n)::uuid, $1, id, 'recruiter-1', 'Came by at the fair.' FROM made`,
];

/** An active one that asks people who were imported, and removes them after 30 days. */
export async function addWorkflow(db: pg.Client, tenantId: string, workflowId: string): Promise<void> {
  const steps = [{ action: 'send-opt-in' }, { action: 'wait', seconds: 2_592_000 }, { action: 'expunge' }];
  await db.query(
    `INSERT INTO workflow (id, tenant_id, name, trigger, state) VALUES ($1, $2, 'Bench', 'import', 'active')`,
    [workflowId, tenantId],
  );
  await db.query(
    `INSERT INTO workflow_version (workflow_id, number, tenant_id, state, steps, activated_at)
     VALUES ($1, 1, $2, 'active', $3, now())`,
    [workflowId, tenantId, JSON.stringify(steps)],
  );
}

/** What autovacuum would have done by the time the contacts have been there for a while. */
async function settle(system: TestSystem): Promise<void> {
  for (const name of ['contact_service', 'workflow_service', 'notification_service'] as const)
    await on(system, name, (db) => db.query('VACUUM ANALYZE'));
  await on(system, 'contact_service', (db) => db.query('CHECKPOINT'));
}

/** Runs `work` as the superuser, who sees every tenant. */
export async function on<T>(
  { postgres }: TestSystem,
  database: string,
  work: (db: pg.Client) => Promise<T>,
): Promise<T> {
  const url = new URL(postgres!.superuserUrl);
  url.pathname = `/${database}`;
  const db = new pg.Client({ connectionString: url.href });
  await db.connect();
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}
