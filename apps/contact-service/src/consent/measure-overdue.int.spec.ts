import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { ExpungeContact } from '#contracts';
import { Pumps } from '#service';
import { askMany, DAY_SECONDS, manyContacts, passTime, theEndOf } from '../../test/opt-in.js';
import { aTenant, type ContactService, startContactService, type TestTenant } from '../../test/start.js';
import { ContactConfig } from '../config.js';
import { MeasureOverdue } from './measure-overdue.js';

let service: ContactService;
beforeAll(async () => {
  service = await startContactService();
});
afterAll(() => service.stop());

/** Looks when it is told to, and says what is published then. */
function aMeasure() {
  const { app } = service;
  const registry = new Registry();
  const measure = new MeasureOverdue(registry, app.get(DataSource), app.get(Pumps), app.get(ContactConfig));
  return async (pieces: number): Promise<string> => {
    for (let n = 0; n < pieces; n += 1) await measure.execute();
    return (await registry.metrics()).split('\n').at(-2)!;
  };
}

/** Mails that are not accepted yet, to so many contacts. */
async function mailsUnderWay(tenant: TestTenant, count: number): Promise<void> {
  await service.db.query(
    `INSERT INTO opt_in_ask (email_id, tenant_id, contact_id, enrolment_id, workflow_id, template, token_hash, grace_seconds,
       link_valid_seconds)
     SELECT gen_random_uuid(), $1, id, gen_random_uuid(), gen_random_uuid(), 'opt-in', gen_random_uuid()::text, 3600, 3600
     FROM unnest($2::uuid[]) AS id`,
    [tenant.tenantId, await manyContacts(service, tenant, count)],
  );
}

test('When contacts have lost their enrolment, then they are counted, of all companies and in pieces; others are not', async () => {
  const published = aMeasure();
  const said = (contacts: number) => `consent_requests_overdue ${contacts}`;
  expect(await published(0)).not.toMatch(/\d$/);
  expect(await published(1)).toBe(said(0));
  const [here, there] = [await aTenant(service), await aTenant(service)];
  await mailsUnderWay(here, 5_000);
  const [putOff, optedIn, late] = await askMany(service, here, await manyContacts(service, here, 3));
  const [lost] = await askMany(service, there, await manyContacts(service, there, 1));
  const old = [putOff!, optedIn!, late!, lost!].map(({ contactId }) => contactId);
  expect(await published(2)).toBe(said(0));
  await passTime(service, old, 31 * DAY_SECONDS + 60);
  await service.db.query(`UPDATE contact SET consent = 'opted-in' WHERE id = $1`, [optedIn!.contactId]);
  await here.setKillSwitch(true);
  await service.deliver(ExpungeContact, theEndOf(putOff!));
  // The count is of whole rounds: it does not change while one is under way.
  expect(await published(1)).toBe(said(0));
  expect(await published(1)).toBe(said(2));
  await service.db.query(`UPDATE contact SET consent = 'opted-in' WHERE id = ANY($1::uuid[])`, [old]);
  expect(await published(2)).toBe(said(0));
});
