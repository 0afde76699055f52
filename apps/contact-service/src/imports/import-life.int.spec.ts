import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EntityManager } from 'typeorm';
import { EraseContactData, RequestOptIn } from '#contracts';
import { inTenant, Relay } from '#messaging';
import { waitUntil } from '#local';
import { Pumps } from '#service';
import { rowsRead } from '../../../../test/support/rows-read.js';
import { anImport, type ImportAnswer, reportOf, untilState, upload } from '../../test/an-import.js';
import { aHold } from '../../test/a-hold.js';
import { expunge } from '../../test/expunged.js';
import { anAsk } from '../../test/opt-in.js';
import {
  aContact,
  anAccount,
  aPerson,
  aTenant,
  type ContactService,
  startContactService,
  type TestTenant,
} from '../../test/start.js';
import { SuppressionKeys } from '../suppression/suppression-keys.js';
import { RemoveMany } from '../expunge/remove-many.js';
import { ForgetImports } from './forget-imports.js';
import { ImportChunk } from './import-chunk.js';
import { RelayBacklog } from './relay-backlog.js';
import { RemoveUndone } from './remove-undone.js';
import { RunImports } from './run-imports.js';
import { ofUndoneImports } from './undone-imports.js';
import { PAGE_BYTES, WriteReport } from './write-report.js';

let service: ContactService;

afterEach(() => void jest.restoreAllMocks());
beforeAll(async () => {
  service = await startContactService();
});
afterAll(async () => {
  await Promise.all(processes.map((one) => one.onModuleDestroy()));
  await service.stop();
});

const processes: RunImports[] = [];

const file = (count: number, tag = randomUUID().slice(0, 8)): string =>
  `email,name\n${Array.from({ length: count }, (_, n) => `${tag}.${n}@example.org,Zoe ${n}\n`).join('')}`;

const countsOf = async ({ tenantId }: TestTenant): Promise<Record<string, number>> => {
  const [row] = await service.db.query(
    `SELECT (SELECT count(*)::int FROM contact WHERE tenant_id = $1) AS contacts,
       (SELECT count(DISTINCT email_normalised)::int FROM contact WHERE tenant_id = $1) AS addresses,
       (SELECT count(*)::int FROM subject WHERE tenant_id = $1) AS subjects,
       (SELECT count(*)::int FROM import_row WHERE tenant_id = $1) AS rows,
       (SELECT count(*)::int FROM import_piece WHERE tenant_id = $1) AS pieces,
       (SELECT count(*)::int FROM outbox WHERE type = 'ContactAdded' AND data::jsonb ->> 'tenantId' = $1::text) AS announced`,
    [tenantId],
  );
  return row;
};

const idsOf = async ({ tenantId }: TestTenant, importId: string): Promise<string[]> => {
  const rows: { id: string }[] = await service.db.query(
    'SELECT id FROM contact WHERE tenant_id = $1 AND import_id = $2 ORDER BY id',
    [tenantId, importId],
  );
  return rows.map(({ id }) => id);
};

const act = (tenant: TestTenant, id: string, verb: 'cancel' | 'undo') =>
  service.call(tenant.recruiter, 'POST', `/v1/imports/${id}/${verb}`);

/** Another process on the same database. */
function anotherProcess(): RunImports {
  return withBacklog(service.app.get(RelayBacklog));
}

function withBacklog(backlog: RelayBacklog): RunImports {
  const { appDb, app } = service;
  const other = new RunImports(appDb, app.get(ImportChunk), app.get(Pumps), backlog);
  processes.push(other);
  return other;
}

/** As where a broker is there: that of these tests is away for good, and then nothing is waited for. */
const withBroker = (): RelayBacklog =>
  new RelayBacklog(service.appDb, new Relay(undefined as never, service.appDb, service.appDb));

/** Leaves so many messages waiting, and no others. */
const makeWaiting = async (count: number): Promise<void> => {
  await service.db.query('DELETE FROM outbox');
  await service.db.query(
    `INSERT INTO outbox (id, topic, key, type, headers, data)
     SELECT gen_random_uuid(), 'contact.events', 'none', 'ContactAdded', '{}', '{}' FROM generate_series(1, $1)`,
    [count],
  );
};

/** As if whoever is at it had died, when it has come as far as `from`. */
const loseClaims = (tenant: TestTenant, from = 0): Promise<[{ rows_read: number }[], number]> =>
  service.db.query(
    `UPDATE import SET worker = gen_random_uuid(), worker_until = now() - interval '1 s'
     WHERE tenant_id = $1 AND state = 'running' AND rows_read >= $2 RETURNING rows_read`,
    [tenant.tenantId, from],
  );

describe('When an import is interrupted', () => {
  test('then another process goes on behind the last chunk: no row is lost, none is doubled', async () => {
    const tenant = await aTenant(service);
    const { body } = await upload(service, tenant.recruiter, file(6_000));
    const others = [anotherProcess(), anotherProcess()];
    let ended = false;
    const working = others.map(async (other) => {
      while (!ended) await other.execute();
    });
    const losing = (async () => {
      for (let rows = 0; !ended; rows += 1) {
        const [[moved]] = await loseClaims(tenant, rows);
        rows = moved?.rows_read ?? rows - 1;
      }
    })();
    const done = await untilState(service, tenant, body.id).finally(() => (ended = true));
    await Promise.all([...working, losing]);
    expect(done).toMatchObject({
      state: 'done',
      rowsTotal: 6_000,
      rowsRead: 6_000,
      rowsImported: 6_000,
      rowsRejected: 0,
    });
    const all = { contacts: 6_000, addresses: 6_000, subjects: 6_000, rows: 6_000, announced: 6_000, pieces: 0 };
    expect(await countsOf(tenant)).toEqual(all);
  }, 60_000);

  test('then a process that was only slow finds that it is late, and writes nothing', async () => {
    const tenant = await aTenant(service);
    await service.app.get(Pumps).stop();
    const { body } = await upload(service, tenant.recruiter, file(2_500));
    const [slow, quick] = [anotherProcess(), anotherProcess()];
    await slow.execute();
    await loseClaims(tenant);
    await quick.execute();
    await slow.execute();
    const { rowsRead } = (await service.call(tenant.recruiter, 'GET', `/v1/imports/${body.id}`)).body;
    expect(rowsRead).toBe(2_000);
    service.app.get(Pumps).start();
    await loseClaims(tenant);
    expect(await untilState(service, tenant, body.id)).toMatchObject({ rowsImported: 2_500 });
    expect(await countsOf(tenant)).toMatchObject({ contacts: 2_500, rows: 2_500 });
  });

  test('then one that meets what it cannot write fails as such, and the next one runs', async () => {
    const tenant = await aTenant(service);
    await service.app.get(Pumps).stop();
    const { body } = await upload(service, tenant.recruiter, file(10));
    await service.db.query('DELETE FROM import_piece WHERE tenant_id = $1', [tenant.tenantId]);
    service.app.get(Pumps).start();
    expect(await untilState(service, tenant, body.id)).toMatchObject({ state: 'failed', problem: 'file-lost' });
    expect(await anImport(service, tenant, file(10))).toMatchObject({ state: 'done', rowsImported: 10 });
  });
});

describe('When more messages wait than should', () => {
  beforeEach(() => service.app.get(Pumps).stop());
  afterEach(async () => {
    await service.db.query('DELETE FROM outbox');
    service.app.get(Pumps).start();
  });

  test('then an import pauses, keeps its claim and is not begun anew, and goes on when they are out', async () => {
    const tenant = await aTenant(service);
    const { body } = await upload(service, tenant.recruiter, file(2_500));
    const begun = jest.spyOn(Logger.prototype, 'log');
    const importing = withBacklog(withBroker());
    const read = async () => (await service.call(tenant.recruiter, 'GET', `/v1/imports/${body.id}`)).body.rowsRead;
    await importing.execute();
    await makeWaiting(2_001);
    await importing.execute();
    const before = await read();
    // As if it had paused for longer than a claim lasts.
    await service.db.query(`UPDATE import SET worker_until = now() - interval '1 s' WHERE id = $1`, [body.id]);
    const claimed = async (): Promise<true | undefined> => {
      await importing.execute();
      const kept = await service.db.query('SELECT FROM import WHERE id = $1 AND worker_until > now()', [body.id]);
      return kept.length > 0 || undefined;
    };
    await waitUntil(claimed, { what: 'the claim is kept', timeoutMs: 30_000 });
    expect(await read()).toBe(before);
    const runs = begun.mock.calls.filter(([line]) => (line as { msg?: string }).msg === 'import runs');
    expect(runs).toHaveLength(1);
    await service.db.query('DELETE FROM outbox');
    for (let n = 0; n < 5; n += 1) await importing.execute();
    expect(await read()).toBe(2_500);
  });

  test('then the undoing of an import pauses, and goes on when they are out', async () => {
    const tenant = await aTenant(service);
    service.app.get(Pumps).start();
    const { id } = await anImport(service, tenant, file(120));
    await service.app.get(Pumps).stop();
    await act(tenant, id, 'undo');
    const { app, appDb } = service;
    const undo = new RemoveUndone(appDb, app.get(RemoveMany), app.get(Pumps), withBroker());
    const undone = async () => (await service.call(tenant.recruiter, 'GET', `/v1/imports/${id}`)).body.contactsUndone;
    await makeWaiting(2_001);
    expect(await undo.execute()).toBe('more');
    expect(await undone()).toBe(0);
    await service.db.query('DELETE FROM outbox');
    await undo.execute();
    expect(await undone()).toBe(100);
  });
});

describe('When an import is cancelled', () => {
  test('then what is imported stays, the rest of the file goes, and it can be read', async () => {
    const tenant = await aTenant(service);
    await service.app.get(Pumps).stop();
    const { body } = await upload(service, tenant.recruiter, file(3_000));
    await anotherProcess().execute();
    expect(await act(tenant, body.id, 'cancel')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    service.app.get(Pumps).start();
    expect(await act(tenant, body.id, 'cancel')).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect(await anImport(service, tenant, file(10))).toMatchObject({ state: 'done' });
    expect(await countsOf(tenant)).toMatchObject({ contacts: 1_010, pieces: 0 });
    expect((await reportOf(service, tenant, body.id)).text.trimEnd().split('\n')).toHaveLength(1_001);
  });

  test('and it has ended, then that is refused', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    expect(await act(tenant, id, 'cancel')).toMatchObject({ status: 409, body: { code: 'import-ended' } });
  });
});

describe('When an import is undone', () => {
  test('then all its contacts are expunged without a mail, nobody else, and the addresses stay free', async () => {
    const tenant = await aTenant(service);
    const text = file(250);
    const { id } = await anImport(service, tenant, text);
    const other = await aContact(service, tenant);
    const contacts = await idsOf(tenant, id);
    expect(await act(tenant, id, 'undo')).toMatchObject({ status: 202, body: { state: 'undoing' } });
    expect(await untilState(service, tenant, id, ['undone'])).toMatchObject({ contactsUndone: 250 });
    const requested = (await service.said(contacts[0]!)).filter(({ type }) => type === 'ExpungeRequested');
    expect(requested).toMatchObject([{ data: { reason: 'import-undone', requestedBy: 'recruiter' } }]);
    expect(requested[0]!.data).not.toHaveProperty('sealedRecipient');
    expect((await service.call(tenant.recruiter, 'GET', `/v1/contacts/${other}`)).status).toBe(200);
    for (const contactId of contacts.slice(0, 3)) {
      const [{ expunge_id: expungeId }] = await service.db.query('SELECT expunge_id FROM contact WHERE id = $1', [
        contactId,
      ]);
      const participants = ['contact-service'];
      await service.deliver(EraseContactData, { tenantId: tenant.tenantId, contactId, expungeId, participants });
    }
    const again = await anImport(service, tenant, text);
    expect(again).toMatchObject({ rowsImported: 3, rejected: [{ reason: 'being-removed', rows: 247 }] });
    expect(await act(tenant, id, 'undo')).toMatchObject({ status: 202, body: { state: 'undone' } });
  }, 60_000);

  test('and that fails for one company, then the imports of others are undone, and its own when it is mended', async () => {
    const [failing, other] = [await aTenant(service), await aTenant(service)];
    const imports = [(await anImport(service, failing, file(2))).id, (await anImport(service, other, file(2))).id];
    const removeMany = service.app.get(RemoveMany);
    const { execute } = RemoveMany.prototype;
    removeMany.execute = async (tx, judged, removal) => {
      if (judged.some(({ tenant }) => tenant.id === failing.tenantId)) throw new Error('not now');
      return execute.call(removeMany, tx, judged, removal);
    };
    try {
      await act(failing, imports[0]!, 'undo');
      await act(other, imports[1]!, 'undo');
      expect(await untilState(service, other, imports[1]!, ['undone'])).toMatchObject({ contactsUndone: 2 });
    } finally {
      removeMany.execute = execute;
    }
    expect(await untilState(service, failing, imports[0]!, ['undone'])).toMatchObject({ contactsUndone: 2 });
  });

  test('and expunge is off, then they are disabled and keep their addresses; and who is on hold waits', async () => {
    const [off, on] = [await aTenant(service, 'off'), await aTenant(service)];
    const states = async (tenant: TestTenant) =>
      (
        await service.db.query('SELECT DISTINCT state FROM contact WHERE tenant_id = $1 ORDER BY 1', [tenant.tenantId])
      ).map(({ state }: { state: string }) => state);
    const text = file(3);
    const disabled = await anImport(service, off, text);
    await act(off, disabled.id, 'undo');
    await untilState(service, off, disabled.id, ['undone']);
    expect(await states(off)).toEqual(['disabled']);
    expect((await anImport(service, off, text)).rejected).toEqual([{ reason: 'address-taken', rows: 3 }]);
    const { id } = await anImport(service, on, file(3));
    const [held] = await idsOf(on, id);
    await aHold(service, on, held!);
    await act(on, id, 'undo');
    await untilState(service, on, id, ['undone']);
    expect(await states(on)).toEqual(['disabled', 'expunging']);
    const waiting = await service.db.query('SELECT reason FROM waiting_expunge WHERE contact_id = $1', [held]);
    expect(waiting).toEqual([{ reason: 'import-undone' }]);
  });

  test('and somebody it has disabled is active again meanwhile, then they are disabled as well in the end', async () => {
    const tenant = await aTenant(service, 'off');
    const { id } = await anImport(service, tenant, file(150));
    await service.app.get(Pumps).stop();
    await act(tenant, id, 'undo');
    const undo = service.app.get(RemoveUndone);
    await undo.execute();
    const [first] = await idsOf(tenant, id);
    await service.db.query(`UPDATE contact SET state = 'active', disabled_at = NULL WHERE id = $1`, [first]);
    while ((await undo.execute()) === 'more');
    service.app.get(Pumps).start();
    expect(await untilState(service, tenant, id, ['undone'])).toMatchObject({ contactsUndone: 151 });
    const left = await service.db.query(`SELECT id FROM contact WHERE import_id = $1 AND state = 'active'`, [id]);
    expect(left).toEqual([]);
    expect(await positionOf(id)).toBeNull();
  });

  test('and another process ends it while one waits, then that one leaves no id of a contact behind', async () => {
    const tenant = await aTenant(service, 'off');
    const { id } = await anImport(service, tenant, file(1));
    const [contactId] = await idsOf(tenant, id);
    await service.app.get(Pumps).stop();
    await act(tenant, id, 'undo');
    await service.whileHeld(
      { sql: 'SELECT FROM subject WHERE contact_id = $1 FOR UPDATE', values: [contactId] },
      () => service.app.get(RemoveUndone).execute(),
      async (other) => {
        await other.query(`UPDATE contact SET state = 'disabled', disabled_at = now() WHERE id = $1`, [contactId]);
        await other.query(`UPDATE import SET state = 'undone' WHERE id = $1`, [id]);
      },
    );
    service.app.get(Pumps).start();
    expect(await positionOf(id)).toBeNull();
  });

  test('then a chunk reads only its own contacts, not those that are done nor the others of the company', async () => {
    const tenant = await aTenant(service, 'off');
    const id = randomUUID();
    await service.app.get(Pumps).stop();
    await service.db.query(`INSERT INTO import (id, tenant_id, state, created_by) VALUES ($1, $2, 'undoing', 'r')`, [
      id,
      tenant.tenantId,
    ]);
    await service.db.query(ADD_CONTACTS, [tenant.tenantId, null, 'active', 20_000]);
    await service.db.query(ADD_CONTACTS, [tenant.tenantId, id, 'disabled', 20_000]);
    await service.db.query(ADD_CONTACTS, [tenant.tenantId, id, 'active', 300]);
    const undo = service.app.get(RemoveUndone);
    await undo.execute();
    const before = await rowsRead(service, 'contact');
    await undo.execute();
    expect((await rowsRead(service, 'contact')) - before).toBeLessThan(1_000);
    service.app.get(Pumps).start();
    expect(await untilState(service, tenant, id, ['undone'])).toMatchObject({ contactsUndone: 300 });
  });

  test('and it still runs, or somebody was asked to opt in, then that is refused', async () => {
    const tenant = await aTenant(service);
    await service.app.get(Pumps).stop();
    const { body } = await upload(service, tenant.recruiter, file(5));
    expect(await act(tenant, body.id, 'undo')).toMatchObject({ status: 409, body: { code: 'import-running' } });
    service.app.get(Pumps).start();
    await untilState(service, tenant, body.id);
    const [contactId] = await idsOf(tenant, body.id);
    await ask(tenant, contactId!);
    expect(await act(tenant, body.id, 'undo')).toMatchObject({ status: 409, body: { code: 'import-asked' } });
    expect((await service.call(tenant.recruiter, 'GET', `/v1/contacts/${contactId}`)).status).toBe(200);
  });

  test('while somebody is being asked to opt in, then it waits for that and is refused', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(2));
    const [contactId] = await idsOf(tenant, id);
    const sql = 'SELECT id FROM import WHERE id = $1 FOR KEY SHARE';
    const answer = await service.whileHeld(
      { sql, values: [id] },
      () => act(tenant, id, 'undo'),
      (asking) => asking.query(ASK, [randomUUID(), tenant.tenantId, contactId, randomUUID()]),
    );
    expect(answer).toMatchObject({ status: 409, body: { code: 'import-asked' } });
  });

  test('then nobody in it is asked to opt in any more', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    const [contactId] = await idsOf(tenant, id);
    await service.app.get(Pumps).stop();
    await act(tenant, id, 'undo');
    await service.deliver(RequestOptIn, anAsk({ tenantId: tenant.tenantId, contactId: contactId! }));
    expect((await service.said(contactId!)).at(-1)).toMatchObject({ type: 'OptInNotSent', data: { reason: 'gone' } });
    service.app.get(Pumps).start();
  });

  test('then who would ask its contacts is told', async () => {
    const tenant = await aTenant(service);
    const [undone, kept] = [await anImport(service, tenant, file(1)), await anImport(service, tenant, file(1))];
    const contacts = [...(await idsOf(tenant, undone.id)), ...(await idsOf(tenant, kept.id))];
    const added = await aContact(service, tenant);
    await act(tenant, undone.id, 'undo');
    const told = await inTenant(service.appDb, tenant.tenantId, (tx) => ofUndoneImports(tx, [...contacts, added]));
    expect([...told]).toEqual([contacts[0]]);
  });

  const positionOf = async (id: string): Promise<string | null> => {
    const [row] = await service.db.query('SELECT undone_up_to AS id FROM import WHERE id = $1', [id]);
    return row.id;
  };
  /** Each after all that are there. */
  const ADD_CONTACTS = `
    WITH person AS (SELECT uuidv7() AS id FROM generate_series(1, $4)),
      known AS (INSERT INTO subject (contact_id, tenant_id) SELECT id, $1 FROM person)
    INSERT INTO contact (id, tenant_id, source, import_id, state, disabled_at)
    SELECT id, $1, 'import', $2, $3, CASE $3 WHEN 'disabled' THEN now() END FROM person`;
  const ASK = `INSERT INTO opt_in_ask (email_id, tenant_id, contact_id, enrolment_id, workflow_id, template, token_hash,
    grace_seconds, link_valid_seconds) VALUES ($1, $2, $3, $1, $1, 'opt-in', $4, 60, 60)`;
  const ask = (tenant: TestTenant, contactId: string) =>
    service.db.query(ASK, [randomUUID(), tenant.tenantId, contactId, randomUUID()]);
});

describe('When an import is watched', () => {
  const watch = async (tenant: TestTenant, id: string) => {
    const headers = { authorization: `Bearer ${await service.token(tenant.recruiter)}` };
    const response = await fetch(`${service.url}/v1/imports/${id}/events`, { headers });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };

  /** Each event as it comes in: its name, and what it says. */
  async function* eventsOf(tenant: TestTenant, id: string): AsyncGenerator<[string, ImportAnswer]> {
    const headers = { authorization: `Bearer ${await service.token(tenant.recruiter)}` };
    const response = await fetch(`${service.url}/v1/imports/${id}/events`, { headers });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (text + piece).split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/s.exec(part) ?? [];
        if (name !== undefined) yield [name, JSON.parse(data!) as ImportAnswer];
      }
    }
  }

  test('then its counts are told each time they change, and the stream ends with it', async () => {
    const tenant = await aTenant(service);
    await service.app.get(Pumps).stop();
    const { body } = await upload(service, tenant.recruiter, file(2_500));
    const importing = anotherProcess();
    const told: [string, number, string][] = [];
    for await (const [name, { rowsImported, state }] of eventsOf(tenant, body.id)) {
      told.push([name, rowsImported, state]);
      // Only what was told lets it go on.
      await importing.execute();
    }
    service.app.get(Pumps).start();
    expect(told).toEqual([
      ['progress', 0, 'running'],
      ['progress', 1_000, 'running'],
      ['progress', 2_000, 'running'],
      ['progress', 2_500, 'running'],
      ['end', 2_500, 'done'],
    ]);
  });

  test('and it has ended or is unknown, then that is answered at once', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    expect((await watch(tenant, id)).text).toMatch(/^event: end\n/);
    expect(await watch(tenant, randomUUID())).toMatchObject({
      status: 404,
      type: 'application/problem+json; charset=utf-8',
    });
  });

  test('then a list shows the newest first, page by page', async () => {
    const tenant = await aTenant(service);
    const ids = [(await anImport(service, tenant, file(1))).id, (await anImport(service, tenant, file(1))).id];
    const first = await service.call(tenant.admin, 'GET', '/v1/imports?limit=1');
    expect(first.body).toMatchObject({ items: [{ id: ids[1] }], next: ids[1] });
    const second = await service.call(tenant.admin, 'GET', `/v1/imports?limit=1&after=${ids[1]}`);
    expect(second.body).toMatchObject({ items: [{ id: ids[0] }] });
    expect(second.body).not.toHaveProperty('next');
  });
});

describe('When whoever downloads a report goes before its end', () => {
  /** More than connections buffer. */
  const BIG_ROWS = `INSERT INTO import_row (import_id, tenant_id, row_no, status, reason, fields)
    SELECT $1, $2, no, 'rejected', 'bad-address', json_build_array('x', repeat('x', 10000)) FROM generate_series(3, 3000) AS no`;

  test('then the rest is not read, and no error is logged', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    await service.db.query(BIG_ROWS, [id, tenant.tenantId]);
    const logged = [jest.spyOn(Logger.prototype, 'error'), jest.spyOn(Logger.prototype, 'warn')];
    const written = jest.spyOn(service.app.get(WriteReport), 'execute');
    const gone = new AbortController();
    const headers = { authorization: `Bearer ${await service.token(tenant.recruiter)}` };
    const response = await fetch(`${service.url}/v1/imports/${id}/report`, { headers, signal: gone.signal });
    expect(response.status).toBe(200);
    gone.abort();
    await Promise.allSettled(written.mock.results.map(({ value }) => value));
    // Whatever is said of the one before is said before this is answered.
    expect((await service.call(tenant.recruiter, 'GET', `/v1/imports/${id}`)).status).toBe(200);
    const lines = logged.flatMap(({ mock }) => mock.calls.map(([line]) => line as { msg?: string }));
    expect(lines.filter(({ msg }) => msg === 'request failed')).toEqual([]);
  });
});

describe('When a report has long rows', () => {
  /** Rows 3 to 14 are long, those behind them short. */
  const ROWS = `INSERT INTO import_row (import_id, tenant_id, row_no, status, reason, fields)
    SELECT $1, $2, no, 'rejected', 'bad-address', json_build_array('x', repeat('x', CASE WHEN no < 15 THEN 900000 ELSE 10 END))
    FROM generate_series(3, 3000) AS no`;

  /** What is asked of the database for a report, and what it gives, page by page. */
  async function pagesOf(tenant: TestTenant, id: string) {
    const asked = jest.spyOn(EntityManager.prototype, 'query');
    const { text } = await reportOf(service, tenant, id);
    const calls = asked.mock.calls.map(([sql, values], n) => ({ sql, values, result: asked.mock.results[n]!.value }));
    const found = calls.filter(({ sql }) => sql.includes('FROM import_row'));
    const pages = found.map(async ({ values, result }) => ({
      atMost: Number((values as unknown[])[4]),
      rows: await result,
    }));
    return { text, pages: (await Promise.all(pages)) as { atMost: number; rows: { fields: string[] }[] }[] };
  }

  test('then only a few of them are held at once, none is lost, and short ones are still read many at a time', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    await service.db.query(ROWS, [id, tenant.tenantId]);
    const { text, pages } = await pagesOf(tenant, id);
    const numbers = text
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',').at(-1)));
    expect(numbers).toEqual(Array.from({ length: 2_999 }, (_, n) => n + 2));
    const bytes = pages.map(({ rows }) => rows.reduce((sum, { fields }) => sum + JSON.stringify(fields).length, 0));
    expect(Math.max(...bytes)).toBeLessThanOrEqual(PAGE_BYTES);
    expect(pages.length).toBeLessThan(25);
    // The database reads all it is asked for to find where a page ends.
    const [first, ...others] = pages;
    expect(first!.atMost).toBeLessThan(20);
    others.forEach(({ atMost }, n) => expect(atMost).toBeLessThanOrEqual(2 * pages[n]!.rows.length));
  });

  test('and one is longer than a page may be, then it is a page of its own', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    const longest = `UPDATE import_row SET fields = json_build_array('x', repeat('x', $2)) WHERE import_id = $1`;
    await service.db.query(longest, [id, PAGE_BYTES + 1]);
    const { text } = await pagesOf(tenant, id);
    expect(text).toMatch(/x,imported,,2\n$/);
  });
});

describe('When somebody of an import is expunged', () => {
  test('then the report forgets the row, and rows that were refused because of them', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const { id } = await anImport(service, tenant, `email,name\n${email},Zoe\nb@example.org,Bo\n`);
    const again = await anImport(service, tenant, `email,name\n${email},Zoe\n`);
    const [contactId] = await idsOf(tenant, id);
    await expunge(service, tenant, contactId!);
    const evidence = (await service.said(contactId!)).find(({ type }) => type === 'ContactDataErased');
    expect(evidence!.data.stores).toContainEqual({ store: 'import_rows', erased: 2, remaining: 0 });
    expect((await reportOf(service, tenant, id)).text).toBe(
      'email,name,status,reason,row\nb@example.org,Bo,imported,,3\n',
    );
    expect((await reportOf(service, tenant, again.id)).text).toBe('email,name,status,reason,row\n');
  });
});

describe('When the address of somebody in a report changes', () => {
  const twice = async (tenant: TestTenant, email: string) => {
    const { id } = await anImport(service, tenant, `email,name\n${email},Zoe\n`);
    const again = await anImport(service, tenant, `email,name\n${email},Zoe\n`);
    const [contactId] = await idsOf(tenant, id);
    return { contactId: contactId!, again };
  };

  test.each([
    ['another one', () => aPerson().email],
    ['none', () => null],
  ])('to %s, then the expunge finds the rows refused because of the one before', async (_, next) => {
    const tenant = await aTenant(service);
    const { contactId, again } = await twice(tenant, aPerson().email);
    const changed = await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: next() });
    expect(changed.status).toBe(200);
    expect((await reportOf(service, tenant, again.id)).text).toContain('Zoe');
    await expunge(service, tenant, contactId);
    const evidence = (await service.said(contactId)).find(({ type }) => type === 'ContactDataErased');
    expect(evidence!.data.stores).toContainEqual({ store: 'import_rows', erased: 2, remaining: 0 });
    expect((await reportOf(service, tenant, again.id)).text).toBe('email,name,status,reason,row\n');
  });

  test('and back again, then a row is still counted once', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const { contactId } = await twice(tenant, email);
    for (const next of [aPerson().email, email]) {
      await service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: next });
    }
    await expunge(service, tenant, contactId);
    const evidence = (await service.said(contactId)).find(({ type }) => type === 'ContactDataErased');
    expect(evidence!.data.stores).toContainEqual({ store: 'import_rows', erased: 2, remaining: 0 });
  });

  test('by signing up again after a soft delete, then that is the same', async () => {
    const tenant = await aTenant(service, 'off');
    const { candidate, contactId } = await anAccount(service, tenant, { email: aPerson().email, givenName: 'Zoe' });
    const { body: account } = await service.call(candidate, 'GET', '/v1/account');
    const again = await anImport(service, tenant, `email,name\n${String(account.email)},Zoe\n`);
    expect(again.rejected).toEqual([{ reason: 'address-taken', rows: 1 }]);
    await service.call(candidate, 'DELETE', '/v1/account');
    await service.call(candidate, 'POST', '/v1/account', { email: aPerson().email });
    await tenant.setPolicy('permanent');
    await expunge(service, tenant, contactId);
    expect((await reportOf(service, tenant, again.id)).text).toBe('email,name,status,reason,row\n');
  });

  test('while an import refuses a row because of it, then it waits for that and takes the row along', async () => {
    const tenant = await aTenant(service);
    const { email } = aPerson();
    const contactId = await aContact(service, tenant, { email });
    const done = await anImport(service, tenant, file(1));
    const lock = {
      sql: `SELECT pg_advisory_xact_lock(1, hashtext($1))`,
      values: [`${tenant.tenantId} ${email.toLowerCase()}`],
    };
    await service.whileHeld(
      lock,
      () => service.call(tenant.recruiter, 'PATCH', `/v1/contacts/${contactId}`, { email: aPerson().email }),
      (importing) =>
        importing.query(
          `INSERT INTO import_row (import_id, tenant_id, row_no, address_hash, status, reason, fields)
           VALUES ($1, $2, 9, $3, 'rejected', 'address-taken', '["a","Zoe"]')`,
          [done.id, tenant.tenantId, service.app.get(SuppressionKeys).hash(tenant.tenantId, email)],
        ),
    );
    await expunge(service, tenant, contactId);
    expect((await reportOf(service, tenant, done.id)).text).not.toContain('address-taken');
  });
});

describe('When time goes by', () => {
  const forget = async () => {
    while ((await service.app.get(ForgetImports).execute()) === 'more');
  };
  const end = (id: string, days: number) =>
    service.db.query(`UPDATE import SET ended_at = now() - $2 * interval '1 day' WHERE id = $1`, [id, days]);

  test('then a report is looked at once when it is over, and the import itself goes after years, its contacts stay', async () => {
    const tenant = await aTenant(service);
    const [old, young] = [await anImport(service, tenant, file(3)), await anImport(service, tenant, file(2))];
    await end(old.id, 8);
    await forget();
    const kept = () =>
      service.db.query('SELECT id, report_kept AS kept FROM import WHERE tenant_id = $1 ORDER BY id', [
        tenant.tenantId,
      ]);
    expect(await kept()).toEqual([
      { id: old.id, kept: false },
      { id: young.id, kept: true },
    ]);
    await end(old.id, 1_094);
    await forget();
    expect(await kept()).toHaveLength(2);
    await end(old.id, 1_096);
    await end(young.id, 1_096);
    await forget();
    await forget();
    expect(await kept()).toEqual([]);
    expect(await countsOf(tenant)).toMatchObject({ contacts: 5, rows: 0 });
  });

  test('and an import is undone meanwhile, then its report is not kept for longer', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, 'email,name\nno address,Zoe\n');
    await end(id, 6);
    await act(tenant, id, 'undo');
    await untilState(service, tenant, id, ['undone']);
    expect((await reportOf(service, tenant, id)).text).toContain('Zoe');
    await service.db.query(`UPDATE import SET ended_at = ended_at - interval '2 days' WHERE id = $1`, [id]);
    expect(await reportOf(service, tenant, id)).toMatchObject({ status: 410 });
    await forget();
    expect(await countsOf(tenant)).toMatchObject({ rows: 0 });
  });

  test('and an import is undone whose report is deleted, then that is said, and the import stays until it is undone', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(1));
    await end(id, 1_096);
    await service.app.get(Pumps).stop();
    await act(tenant, id, 'undo');
    await forget();
    expect(await reportOf(service, tenant, id)).toMatchObject({ status: 410 });
    // As it was left by earlier versions, or when reports are to be kept for longer from now on.
    await end(id, 0);
    expect(await reportOf(service, tenant, id)).toMatchObject({ status: 410 });
    service.app.get(Pumps).start();
    expect(await untilState(service, tenant, id, ['undone'])).toMatchObject({ contactsUndone: 1 });
  });

  test('then reports and abandoned uploads are forgotten', async () => {
    const tenant = await aTenant(service);
    const { id } = await anImport(service, tenant, file(3));
    await service.db.query(`UPDATE import SET ended_at = now() - interval '8 days' WHERE id = $1`, [id]);
    await service.db.query(
      `INSERT INTO import (id, tenant_id, state, created_by, touched_at) VALUES ($1, $2, 'uploading', 'r', now() - interval '1 h')`,
      [randomUUID(), tenant.tenantId],
    );
    expect(await reportOf(service, tenant, id)).toMatchObject({ status: 410 });
    await service.app.get(ForgetImports).execute();
    expect(await countsOf(tenant)).toMatchObject({ rows: 0, contacts: 3 });
    const { body } = await service.call(tenant.recruiter, 'GET', '/v1/imports');
    expect(body.items).toHaveLength(1);
  });

  test.each([
    ['uploaded 71 hours ago that waits for others', 71, undefined, 'running'],
    ['uploaded 73 hours ago that waits for others', 73, undefined, 'failed'],
    ['that waited and began 23 hours ago', 94, 23, 'running'],
    ['that began 25 hours ago', 25, 25, 'failed'],
  ])('then an import %s is given up only if that is too long', async (_, uploaded, began, state) => {
    const tenant = await aTenant(service);
    const id = randomUUID();
    await service.db.query(
      `WITH unended AS (INSERT INTO import (id, tenant_id, state, created_by, created_at, started_at, worker_until)
         VALUES ($1, $2, 'running', 'r', now() - $3 * interval '1 h', now() - $4 * interval '1 h', 'infinity'))
       INSERT INTO import_piece (import_id, n, tenant_id, bytes) VALUES ($1, 0, $2, 'x')`,
      [id, tenant.tenantId, uploaded, began],
    );
    await service.app.get(ForgetImports).execute();
    const problem = state === 'failed' ? 'took-too-long' : null;
    expect((await service.call(tenant.recruiter, 'GET', `/v1/imports/${id}`)).body).toMatchObject({ state, problem });
    expect(await countsOf(tenant)).toMatchObject({ pieces: state === 'failed' ? 0 : 1 });
  });
});
