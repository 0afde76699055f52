import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { simpleParser } from 'mailparser';
import { waitUntil } from '#local';
import {
  aCompany,
  type Company,
  deleteAccount,
  type RequestView,
  signUp,
  startTestSystem,
  type TestSystem,
  theRequest,
  untilState,
} from '../support/test-system.js';

let system: TestSystem;
let company: Company;

beforeAll(async () => {
  system = await startTestSystem();
  company = await aCompany(system);
}, 120_000);
afterAll(() => system.remove());

const contactService = (): string => system.urls['contact-service'];
const requestedAt = (request: RequestView): unknown => (request as unknown as Record<string, unknown>).requestedAt;

async function statusPage(statusUrl: string): Promise<string> {
  const html = { accept: 'text/html' };
  const page = await waitUntil(
    async () => {
      const response = await fetch(statusUrl, { headers: html });
      return response.ok ? response.text() : undefined;
    },
    { what: 'the status page knows of the request', timeoutMs: 30_000 },
  );
  return page;
}

test('When a contact on legal hold deletes its account, then the removal waits, the officer sees why, and it goes on when the hold is lifted', async () => {
  const contact = await signUp(system, company);
  const holds = `${contactService()}/v1/contacts/${contact.id}/holds`;
  const hold = { caseReference: 'C-17', reason: 'litigation' };
  const { body: placed } = await system.api.call<{ id: string }>(company.officer, 'POST', holds, hold);
  const { outcome, expungeId, statusUrl } = await deleteAccount(system, contact);
  expect(outcome).toBe('waiting');
  const waiting = await untilState(system, company, expungeId, 'waiting');
  expect(waiting).toMatchObject({ waitingFor: ['hold'], skippedTimes: 1 });
  expect(await statusPage(statusUrl)).not.toMatch(/hold|litigation|C-17/i);
  await system.api.call(company.officer, 'POST', `${holds}/${placed.id}/lift`, { reason: 'The case is closed.' });
  const confirmed = await untilState(system, company, expungeId, 'confirmed');
  expect(requestedAt(confirmed)).toBe(requestedAt(waiting));
  await system.mail!.waitForMail(contact.email, 10_000);
});

test('When the kill switch is on, then removals of that company wait and others go on, and all go on when it is released', async () => {
  const other = await aCompany(system);
  const [stopped, free] = [await signUp(system, company), await signUp(system, other)];
  const killSwitch = `${contactService()}/v1/tenants/${company.tenantId}/kill-switch`;
  await system.api.call(company.admin, 'PUT', killSwitch, { on: true, reason: 'Something looks wrong.' });
  const [held, begun] = [await deleteAccount(system, stopped), await deleteAccount(system, free)];
  await untilState(system, other, begun.expungeId, 'confirmed');
  expect(await untilState(system, company, held.expungeId, 'waiting')).toMatchObject({ waitingFor: ['kill-switch'] });
  await system.services['contact-service'].kill('SIGKILL');
  await system.services['contact-service'].ready();
  expect((await theRequest(system, company, held.expungeId)).state).toBe('waiting');
  await system.api.call(company.officer, 'PUT', killSwitch, { on: false, reason: 'All is well.' });
  await untilState(system, company, held.expungeId, 'confirmed');
});

test('When a person without an account asks by address, then the link of the mail leads to the same removal', async () => {
  const email = `Nora.${Date.now()}@example.com`;
  await system.api.call(company.recruiter, 'POST', `${contactService()}/v1/contacts`, { email, givenName: 'Nora' });
  const response = await fetch(`${contactService()}/v1/tenants/${company.tenantId}/removal-requests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: email.toUpperCase() }),
  });
  expect(response.status).toBe(202);
  const { id } = await system.mail!.waitForMail(email, 10_000);
  const mail = await simpleParser(await system.mail!.source(id));
  const link = /http:\S+\/r\/\S+/.exec(mail.text ?? '')![0];
  expect(await (await fetch(link)).text()).toMatch(/<form method="post" /);
  const page = await (await fetch(link, { method: 'POST' })).text();
  const status = new URL(/href="(http[^"]+\/status\/[^"]+)"/.exec(page)![1]!);
  await waitUntil(
    async () => {
      const answer = await fetch(status, { headers: { accept: 'application/json' } });
      return answer.ok && ((await answer.json()) as { state: string }).state === 'confirmed' ? true : undefined;
    },
    { what: 'the removal is confirmed', timeoutMs: 20_000 },
  );
  expect(await system.mail!.messages({ to: email })).toHaveLength(2);
});
