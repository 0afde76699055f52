import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import pg from 'pg';
import { anActiveWorkflow, freePort, untilSettled, waitUntil } from '#local';
import { connected } from '../../apps/local/src/databases.js';
import { Answers } from '../../apps/local/src/demo/consent/answers.js';
import { proves, publishedKeys } from '../../apps/local/src/demo/consent/confirmation.js';
import { addressOf, type Behaviour, behaviourAt } from '../../apps/local/src/demo/consent/people.js';
import { type Recipients, startRecipients } from '../../apps/local/src/demo/consent/recipients.js';
import { whoIsThere } from '../../apps/local/src/demo/consent/who-is-there.js';
import { inBase64, tracesEverywhere } from '../support/find-traces.js';
import { readTopics } from '../support/read-topics.js';
import { aCompany, type Company, signUp, startTestSystem, type TestSystem } from '../support/test-system.js';

/** From the acceptance of a mail to the removal: long enough to restart a service in between. */
const GRACE_SECONDS = 12;
const ASKED = 300;
const ROWS = 2_400;

/** In the name of everybody who is removed, and of nobody else. */
const MARK = `Zq${randomUUID().replaceAll('-', '').slice(0, 10)}`;

interface Row {
  readonly address: string;
  readonly name: string;
  /** Only those of one country are asked. */
  readonly country: 'DE' | 'AT';
}

const isRemoved = (behaviour?: Behaviour): boolean => behaviour === 'stays-silent' || behaviour === 'declines';

/** One row in eight is of somebody who is asked, all over the file. */
const rowAt = (n: number): Row => {
  if (n % (ROWS / ASKED) !== 0) return { address: `elsewhere.${n}@example.net`, name: `Kept ${n}`, country: 'AT' };
  const address = addressOf(n / (ROWS / ASKED));
  return { address, name: `${isRemoved(behaviourAt(address)) ? MARK : 'Stays'} ${n}`, country: 'DE' };
};
const people = Array.from({ length: ROWS }, (_, n) => rowAt(n));
const file = ['email,name,country', ...people.map((row) => Object.values(row).join(',')), 'no address,X,AT'].join('\n');
const addressesOf = (...behaviours: Behaviour[]): string[] =>
  people.flatMap(({ address }) => behaviours.filter((one) => one === behaviourAt(address)).map(() => address));

interface ImportView {
  readonly id: string;
  readonly state: string;
  readonly rowsRead: number;
  readonly rowsImported: number;
  readonly rejected: { reason: string; rows: number }[];
}

let system: TestSystem;
let company: Company;
let recipients: Recipients;
let answers: Answers;
let workflowId: string;
/** People whose mail came while the service was away try again when it is back. */
const restored = Promise.withResolvers<void>();

beforeAll(async () => {
  const bouncePort = await freePort();
  answers = new Answers(bouncePort);
  recipients = await startRecipients((question, behaviour) => {
    void restored.promise.then(() => answers.begin(question, behaviour));
  });
  system = await startTestSystem({
    env: {
      'workflow-service': { SHORTEST_GRACE_SECONDS: '1' },
      'notification-service': { SMTP_URL: recipients.smtpUrl, BOUNCE_SMTP_PORT: String(bouncePort) },
    },
  });
  company = await aCompany(system);
}, 120_000);
afterAll(async () => {
  await system.remove();
  await recipients.stop();
});

const contactService = (): string => system.urls['contact-service'];
const imports = (): string => `${contactService()}/v1/imports`;
const inContacts = <T extends object>(sql: string, values: unknown[] = []): Promise<T[]> =>
  connected(databaseUrl('contact_service'), async (db) => (await db.query<T>(sql, values)).rows);

function databaseUrl(name: string): string {
  const url = new URL(system.postgres!.superuserUrl);
  url.pathname = `/${name}`;
  return url.href;
}

async function upload(text: string): Promise<ImportView> {
  const address = `${imports()}?source=Fair&lawfulBasis=legitimate-interests`;
  const stream = Readable.from([text]);
  return (await system.api.upload<ImportView>(company.recruiter, address, { type: 'text/csv', stream })).body;
}

const untilDone = (id: string): Promise<ImportView> =>
  waitUntil(
    async () => {
      const { body } = await system.api.call<ImportView>(company.recruiter, 'GET', `${imports()}/${id}`);
      return body.state === 'running' ? undefined : body;
    },
    { what: 'the import has ended', timeoutMs: 30_000, everyMs: 100, see: system.logDir },
  );

/** Holds the import up in the middle of a chunk, by the lock on an address in it, and kills the service there. */
async function killInTheMiddle({ address }: Row, begin: () => Promise<unknown>): Promise<void> {
  const holder = new pg.Client({ connectionString: databaseUrl('contact_service') });
  await holder.connect();
  try {
    const lock = [`${company.tenantId} ${address}`];
    await holder.query('SELECT pg_advisory_lock(1, hashtext($1))', lock);
    await begin();
    const held = async (): Promise<true | undefined> => {
      const { rowCount } = await holder.query(`SELECT FROM pg_stat_activity WHERE wait_event = 'advisory'`);
      return rowCount === 1 || undefined;
    };
    await waitUntil(held, { what: 'the import is in the middle of the chunk', timeoutMs: 20_000 });
    await system.services['contact-service'].kill('SIGKILL');
  } finally {
    await holder.end();
  }
}

describe('When a file is imported, and who does not opt in is removed', () => {
  const controls: { id: string; email: string; recruiter: Company['recruiter'] }[] = [];
  let importId: string;
  let idOf: Map<string, string>;

  beforeAll(async () => {
    const other = await aCompany(system);
    const { recruiter } = company;
    controls.push({ ...(await signUp(system, company)), recruiter });
    // The same address at another company: somebody who is removed here stays there.
    const declining = addressesOf('declines')[0]!;
    controls.push({ ...(await signUp(system, other, { email: declining })), recruiter: other.recruiter });
    const email = `${randomUUID()}@example.com`;
    const { body } = await system.api.call<{ id: string }>(recruiter, 'POST', `${contactService()}/v1/contacts`, {
      email,
    });
    controls.push({ id: body.id, email, recruiter });
    workflowId = await anActiveWorkflow(system.api, company.admin, system.urls['workflow-service'], {
      name: 'Imported contact opt-in',
      trigger: 'import',
      filter: { countries: ['DE'] },
      steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: GRACE_SECONDS }, { action: 'expunge' }],
    });
  });

  test('and the service is killed in the middle of the import, then no row of the file is lost or doubled', async () => {
    await killInTheMiddle(people[1_700]!, async () => (importId = (await upload(file)).id));
    const half = await inContacts<{ rows_read: number }>('SELECT rows_read FROM import WHERE id = $1', [importId]);
    expect(half).toEqual([{ rows_read: 1_000 }]);
    await system.services['contact-service'].ready();
    restored.resolve();
    const done = await untilDone(importId);
    expect(done).toMatchObject({ state: 'done', rowsRead: ROWS + 1, rowsImported: ROWS });
    expect(done.rejected).toEqual([{ reason: 'bad-address', rows: 1 }]);
    const rows = await inContacts<{ id: string; email: string; name: string }>(
      `SELECT id, email, family_name || ' ' || country AS name FROM contact WHERE import_id = $1`,
      [importId],
    );
    const told = ({ email, name }: { email: string; name: string }): string => `${email} ${name}`;
    const inFile = people.map(({ address, name, country }) => `${address} ${name} ${country}`);
    expect(rows.map(told).sort()).toEqual(inFile.sort());
    idOf = new Map(rows.map(({ id, email }) => [email, id]));
    const events = await readTopics(system.brokers, ['contact.events']);
    const added = events.filter(({ type, value }) => type === 'ContactAdded.v1' && value.includes(importId));
    expect(new Set(added.map(({ key }) => key))).toEqual(new Set(idOf.values()));
    expect(new Set(added.map(({ id }) => id)).size).toBe(ROWS);
  });

  test('then those who stayed silent or declined get a confirmation that verifies, and nobody else is touched', async () => {
    const gone = addressesOf('stays-silent', 'declines');
    const confirmed = (): true | undefined => recipients.confirmed.size >= gone.length || undefined;
    await waitUntil(confirmed, { what: 'all are confirmed', timeoutMs: 60_000, see: system.logDir });
    await untilSettled(system);
    answers.assertWell();
    expect([...recipients.asked].sort()).toEqual(
      people.flatMap(({ address, country }) => (country === 'DE' ? [address] : [])).sort(),
    );
    expect([...recipients.confirmed.keys()].sort()).toEqual(gone.sort());
    const keys = publishedKeys(system.urls['privacy-service']);
    const somebodyElse = addressesOf('agrees')[0]!;
    for (const [address, confirmation] of recipients.confirmed) {
      const contactId = idOf.get(address)!;
      expect([address, await proves(confirmation, { contactId, address }, keys)]).toEqual([address, true]);
      expect(await proves(confirmation, { contactId, address: somebodyElse }, keys)).toBe(false);
    }
    const expunged = await readTopics(system.brokers, ['contact.expunged']);
    expect(expunged.map(({ key }) => key).sort()).toEqual(gone.map((address) => idOf.get(address)!).sort());
    const there = await whoIsThere(system.api, company.recruiter, contactService());
    const stays = people.flatMap(({ address }) => (gone.includes(address) ? [] : [address]));
    const ownControls = controls.filter(({ recruiter }) => recruiter === company.recruiter).map(({ email }) => email);
    expect([...there.values()].sort()).toEqual([...stays, ...ownControls].sort());
    for (const { id, email, recruiter } of controls) {
      const { body } = await system.api.call(recruiter, 'GET', `${contactService()}/v1/contacts/${id}`);
      expect(body).toMatchObject({ email, state: 'active', consent: 'none' });
    }
  });

  test('then recruiters see who agreed and whose mail came back', async () => {
    const waiting = `${contactService()}/v1/consent-requests?workflowId=${workflowId}`;
    const { body } = await system.api.call<{ counts: object[] }>(company.recruiter, 'GET', waiting);
    expect(body.counts).toEqual([
      { state: 'opted-in', contacts: addressesOf('agrees').length },
      { state: 'undeliverable', contacts: addressesOf('bounces').length },
    ]);
  });

  test('and the file is imported once more, then nobody comes back, and nothing of the removed is left anywhere', async () => {
    const again = await untilDone((await upload(file)).id);
    const silent = addressesOf('stays-silent', 'declines').length;
    expect(Object.fromEntries(again.rejected.map(({ reason, rows }) => [reason, rows]))).toEqual({
      'not-to-be-asked': silent,
      'address-taken': ROWS - silent,
      'bad-address': 1,
    });
    await untilSettled(system);
    const traces = [MARK, 'stays-silent.'];
    expect(await tracesEverywhere(system, [...traces, ...traces.flatMap(inBase64)])).toEqual([]);
    // The search must be able to find: those who stay are there, in contact-service and nowhere else.
    const found = await tracesEverywhere(system, ['elsewhere.', ...inBase64('elsewhere.')]);
    expect(found).toContain('elsewhere. in contact_service.contact');
    expect(found.filter((trace) => !trace.includes('contact_service.'))).toEqual([]);
  });
});
