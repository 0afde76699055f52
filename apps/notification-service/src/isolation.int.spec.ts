import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { EraseContactData, SendEmail, TenantChanged } from '#contracts';
import { waitUntil } from '#local';
import { inTenant } from '#messaging';
import { Pumps } from '#service';
import { anEraseCommand } from '../../../test/support/make.js';
import type { TestService } from '../../../test/support/test-service.js';
import { MailServer } from '../test/mail-server.js';
import {
  aMail,
  answersTo,
  answerTo,
  aRemovalLink,
  aTenant,
  RETRIES_LATE,
  startNotification,
  tryNow,
} from '../test/make.js';

let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, RETRIES_LATE);
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

const OF_A_TENANT = `SELECT table_name AS name FROM information_schema.columns
  WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1`;

describe('tables with rows of a tenant', () => {
  it('When there is one, then the database keeps its tenants apart, from its owner too', async () => {
    const open: unknown[] = await service.db.query(
      `SELECT name FROM (${OF_A_TENANT}) held JOIN pg_class ON relname = name AND relnamespace = 'public'::regnamespace
       WHERE NOT (relrowsecurity AND relforcerowsecurity
         AND EXISTS (SELECT FROM pg_policies WHERE tablename = name AND qual LIKE '%app.tenant_id%'))`,
    );
    expect(open).toEqual([]);
  });

  it('When a statement is bound to no tenant or to another one, then it sees no row', async () => {
    const mail = await aMail();
    await service.deliver(TenantChanged, aTenant({ tenantId: mail.tenantId }));
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId);
    for (const table of ['subject', 'mail_outcome', 'tenant']) {
      const count = `SELECT count(*)::int AS rows FROM ${table}`;
      expect(await service.appDb.query(count)).toEqual([{ rows: 0 }]);
      expect(await inTenant(service.appDb, randomUUID(), (tx) => tx.query(count))).toEqual([{ rows: 0 }]);
      expect(await inTenant(service.appDb, mail.tenantId, (tx) => tx.query(count))).toEqual([{ rows: 1 }]);
    }
  });
});

describe('a message that names another tenant than its contact has', () => {
  it('When it is a mail or an erase, then nothing is sent or erased', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const own = await aMail();
    await service.deliver(SendEmail, own);
    await answerTo(service, own.emailId, ({ data }) => data.permanent === false);
    const { contactId } = own;
    expect(await service.deliver(SendEmail, await aRemovalLink({ contactId }))).toMatchObject({ parked: 1 });
    const [{ reason }] = await service.db.query('SELECT reason FROM dead_letter');
    expect(reason).toBe('The contact belongs to another tenant.');
    await service.deliver(EraseContactData, anEraseCommand({ contactId }));
    server.behaviour = {};
    await tryNow(service, own.emailId);

    const answers = (await service.outbox()).filter(({ key, type }) => key === contactId && !type.startsWith('Email'));
    expect(answers.map(({ type, data }) => [type, data.reason])).toEqual([['ContactErasureRefused', 'wrong-tenant']]);
    expect((await answerTo(service, own.emailId)).type).toBe('EmailAccepted');
  });

  it('When it uses the id of a mail of another tenant, then it stops neither that one nor the others', async () => {
    const own = await aMail();
    await service.deliver(SendEmail, own);
    await answerTo(service, own.emailId);
    await service.app.get(Pumps).stop();
    const [again, other] = [await aMail({ emailId: own.emailId }), await aMail()];
    await service.deliver(SendEmail, [again, other]);
    service.app.get(Pumps).start();

    await answerTo(service, other.emailId);
    await waitUntil(async () => ((await waiting()) === 0 ? true : undefined), { what: 'no mail', timeoutMs: 20_000 });
    expect(await answersTo(service, own.emailId)).toHaveLength(1);
  });

  const waiting = async (): Promise<number> =>
    ((await service.db.query('SELECT count(*)::int AS rows FROM mail')) as { rows: number }[])[0]!.rows;
});
