import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { simpleParser } from 'mailparser';
import { anActiveWorkflow, Api, ASKED_NEXT_DAY, repositoryRoot, type ServiceName, waitUntil } from '#local';
import { deleteAccountEverywhere } from '../../apps/local/src/demo/delete-account-everywhere.js';
import { connectExternal } from '../../apps/local/src/demo/external-system.js';
import { setTheScene } from '../../apps/local/src/demo/set-the-scene.js';
import { inBase64, tracesEverywhere, tracesInDatabase, tracesInFiles } from '../support/find-traces.js';
import { asMailpit } from '../support/mailpit.js';
import { readTopics } from '../support/read-topics.js';
import {
  aCompany,
  type Company,
  deleteAccount,
  signUp,
  startTestSystem,
  type TestSystem,
  untilState,
} from '../support/test-system.js';

const PARTICIPANTS = ['contact-service', 'workflow-service', 'notification-service'];
const DATABASES = ['contact_service', 'workflow_service', 'notification_service', 'privacy_service'];

let system: TestSystem;
let company: Company;

beforeAll(async () => {
  system = await startTestSystem();
  company = await aCompany(system);
}, 120_000);
afterAll(() => system.remove());

const contacts = (): string => `${system.urls['contact-service']}/v1/contacts`;

describe('Delete Account with expunge enabled', () => {
  test('When a contact presses it, then every service proves the removal and the person gets a certificate that verifies', async () => {
    const contact = await signUp(system, company);
    await system.api.call(company.recruiter, 'POST', `${contacts()}/${contact.id}/notes`, { body: 'Called back' });
    const { outcome, expungeId, statusUrl } = await deleteAccount(system, contact);
    expect(outcome).toBe('expunging');
    const request = await untilState(system, company, expungeId, 'confirmed');
    expect(request.participants.map(({ name }) => name).sort()).toEqual([...PARTICIPANTS].sort());
    const evidence = request.participants.flatMap(({ stores = [] }) => stores);
    expect(evidence).toContainEqual({ store: 'notes', erased: 1, remaining: 0 });
    expect(evidence).toContainEqual({ store: 'contacts', erased: 1, remaining: 0 });
    expect(evidence.every(({ remaining }) => remaining === 0)).toBe(true);

    const { id } = await system.mail!.waitForMail(contact.email, 10_000);
    const source = await system.mail!.source(id);
    expect(source).toMatch(/^DKIM-Signature:/im);
    const mail = await simpleParser(source);
    const certificate = mail.attachments.find(({ filename }) => filename === 'certificate.jws')!.content;
    const command = /npm run certificate:verify -- (.*)/.exec(mail.text ?? '')![1]!;
    expect(await verify(certificate, command, contact.email)).toMatch(/certificate is valid[^]*about this address/);
    await expect(verify(certificate, command, 'somebody.else@example.com')).rejects.toMatchObject({ code: 1 });

    const page = await fetch(statusUrl, { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    expect(await page.text()).not.toContain(contact.email);
    const download = await fetch(`${statusUrl}/certificate`);
    expect(await download.text()).toBe(certificate.toString());
  });

  test('When other systems listen, then they read ContactExpunged once, with ids only', async () => {
    const contact = await signUp(system, company);
    const { expungeId } = await deleteAccount(system, contact);
    await untilState(system, company, expungeId, 'confirmed');
    const messages = (await readTopics(system.brokers, ['contact.expunged'])).filter(({ key }) => key === contact.id);
    expect(messages).toHaveLength(1);
    expect(messages[0]!.headers).toMatchObject({ ce_type: 'ContactExpunged.v1', ce_source: 'privacy-service' });
    expect(JSON.parse(messages[0]!.value)).toEqual({
      tenantId: company.tenantId,
      contactId: contact.id,
      expungeId,
      reason: 'account-deleted',
      requestedAt: expect.any(String),
      completedAt: expect.any(String),
      certificateId: expect.any(String),
    });
  });

  test('When it is pressed twice at once, then there is one request and one answer', async () => {
    const contact = await signUp(system, company);
    // Held, so that the erase cannot be over before the second click arrives.
    await system.services['privacy-service'].kill('SIGSTOP');
    const answers = await Promise.all([deleteAccount(system, contact), deleteAccount(system, contact)]);
    await system.services['privacy-service'].kill('SIGCONT');
    expect(answers[0]).toEqual(answers[1]);
    await untilState(system, company, answers[0].expungeId, 'confirmed');
    const requests = (await readTopics(system.brokers, ['expunge.requests'])).filter(({ key }) => key === contact.id);
    expect(requests).toHaveLength(1);
  });

  test('When the removal is over, then recruiters see how far it went and find nobody; the person can sign up anew', async () => {
    const contact = await signUp(system, company);
    const { expungeId } = await deleteAccount(system, contact);
    await untilState(system, company, expungeId, 'confirmed');
    const removal = await waitUntil(
      async () => {
        const { body } = await system.api.call<{ state: string }>(
          company.recruiter,
          'GET',
          `${contacts()}/${contact.id}/removal`,
        );
        return body.state === 'confirmed' ? body : undefined;
      },
      { what: 'contact-service has heard of the confirmation', timeoutMs: 30_000 },
    );
    expect(removal).toMatchObject({ expungeId, state: 'confirmed' });
    const found = await system.api.call<{ items: [] }>(company.recruiter, 'POST', `${contacts()}/search`, {
      email: contact.email,
    });
    expect(found.body.items).toEqual([]);
    const url = `${system.urls['contact-service']}/v1/account`;
    const again = await system.api.call<{ id: string }>(contact.candidate, 'POST', url, {
      email: contact.email,
      givenName: 'Lena',
    });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(contact.id);
  });

  test('When a recruiter removes a contact that was enrolled, then its enrolment and timer are part of the evidence', async () => {
    await anActiveWorkflow(system.api, company.admin, system.urls['workflow-service'], ASKED_NEXT_DAY);
    const email = `${randomUUID()}@example.com`;
    const { body: contact } = await system.api.call<{ id: string }>(company.recruiter, 'POST', contacts(), {
      email,
      givenName: 'Þórdís',
    });
    await untilEnrolled(contact.id);
    const { body } = await system.api.call<{ expungeId: string }>(
      company.recruiter,
      'POST',
      `${contacts()}/${contact.id}/expunge`,
    );
    const request = await untilState(system, company, body.expungeId, 'confirmed');
    const workflow = request.participants.find(({ name }) => name === 'workflow-service');
    expect(workflow).toMatchObject({ outcome: 'erased' });
    expect(workflow?.stores).toContainEqual({ store: 'enrolments', erased: 1, remaining: 0 });
    expect(workflow?.stores).toContainEqual({ store: 'timers', erased: 1, remaining: 0 });
  });

  test('When a contact has no address, then it is expunged all the same and the officer has the certificate', async () => {
    const { body: contact } = await system.api.call<{ id: string }>(company.recruiter, 'POST', contacts(), {
      givenName: 'Jiří',
      phone: '+420601123456',
    });
    const { body } = await system.api.call<{ expungeId: string; statusUrl: string }>(
      company.recruiter,
      'POST',
      `${contacts()}/${contact.id}/expunge`,
    );
    const request = await untilState(system, company, body.expungeId, 'expunged');
    expect(request.certificateId).toBeDefined();
    expect((await fetch(`${body.statusUrl}/certificate`)).status).toBe(200);
  });
});

describe('Delete Account with expunge off', () => {
  test('When a contact presses it, then the contact is hidden, its data kept, and nothing is asked of anybody', async () => {
    const soft = await aCompany(system, 'off');
    const contact = await signUp(system, soft);
    expect(await deleteAccount(system, contact)).toEqual({ outcome: 'disabled' });
    const events = (await readTopics(system.brokers, ['contact.events', 'expunge.requests'])).filter(
      ({ key }) => key === contact.id,
    );
    expect(events.map(({ type }) => type)).toEqual(['ContactAdded.v1', 'ContactDisabled.v1']);
  });
});

describe('personal data', () => {
  test('When a removal is complete, then nothing of the person is left on any topic, in any log or in any table', async () => {
    const mark = randomUUID().replaceAll('-', '').slice(0, 12);
    const person = {
      email: `Trace.${mark}@example.com`,
      givenName: `Gn${mark}`,
      familyName: `Fn${mark}`,
      phone: '+4930231250137',
    };
    const note = `Note ${mark}n`;
    const contact = await signUp(system, company, person);
    await system.api.call(company.recruiter, 'PATCH', `${contacts()}/${contact.id}`, {
      familyName: `${person.familyName}x`,
    });
    await system.api.call(company.recruiter, 'POST', `${contacts()}/${contact.id}/notes`, { body: note });
    await system.api.call(company.recruiter, 'POST', `${contacts()}/search`, { email: person.email });
    const duplicate = system.api.call(company.recruiter, 'POST', contacts(), person);
    await expect(duplicate).rejects.toThrow('409');
    const traces = [mark, person.phone, person.phone.slice(1), contact.candidate.subject];
    // The search must be able to find: before the removal the data is there, in contact-service and nowhere else.
    const before = await tracesEverywhere(system, traces);
    expect(before.some((trace) => trace.includes('contact_service.contact'))).toBe(true);
    expect(before.filter((trace) => !trace.includes('contact_service.'))).toEqual([]);

    const { expungeId } = await deleteAccount(system, contact);
    await untilState(system, company, expungeId, 'confirmed');
    await system.mail!.waitForMail(person.email, 10_000);
    expect(await tracesEverywhere(system, [...traces, ...traces.flatMap(inBase64)])).toEqual([]);
  });

  test('When requests are refused, then what they held is in no answer and no log', async () => {
    const mark = `zz${randomUUID().slice(0, 8)}`;
    const bodies = [
      `{"email": "${mark}@example.com"`,
      JSON.stringify({ email: `${mark} not an address` }),
      JSON.stringify({ [mark]: 1 }),
    ];
    const token = await system.identity.token(company.recruiter);
    for (const body of bodies) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(contacts(), { method: 'POST', headers, body });
      expect(response.status).toBe(400);
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      expect(await response.text()).not.toContain(mark);
    }
    expect(await tracesInFiles(system.logDir, [mark])).toEqual([]);
  });
});

describe('commands', () => {
  test.each(DATABASES)(
    'When parked messages of %s are listed beside the running service, then it says how many',
    async (database) => {
      const service = database.replace('_', '-') as ServiceName;
      const main = join(repositoryRoot(), 'dist/apps', service, 'src/main.js');
      const env = { ...process.env, NODE_OPTIONS: '', ...system.env[service] };
      const { stdout } = await promisify(execFile)(process.execPath, [main, 'dead-letters', 'list'], { env });
      expect(stdout).toBe('0 dead letter(s)\n');
    },
  );
});

describe('tenants', () => {
  test('When the token is of another tenant, then neither contact nor removal nor request can be seen or touched', async () => {
    const other = await aCompany(system);
    const contact = await signUp(system, company);
    const status = (actor: { subject: string; roles: string[] }, method: string, url: string): Promise<number> =>
      system.identity
        .token(actor)
        .then((token) => fetch(url, { method, headers: { authorization: `Bearer ${token}` } }))
        .then((response) => response.status);
    expect(await status(other.recruiter, 'GET', `${contacts()}/${contact.id}`)).toBe(404);
    expect(await status(other.recruiter, 'POST', `${contacts()}/${contact.id}/expunge`)).toBe(404);
    const { expungeId } = await deleteAccount(system, contact);
    await untilState(system, company, expungeId, 'confirmed');
    expect(await status(other.recruiter, 'GET', `${contacts()}/${contact.id}/removal`)).toBe(404);
    const requests = `${system.urls['privacy-service']}/v1/expunge-requests`;
    expect(await status(other.officer, 'GET', `${requests}/${expungeId}`)).toBe(404);
    expect(await status(other.officer, 'GET', `${requests}/${expungeId}/certificate`)).toBe(404);
    expect(await status(company.recruiter, 'GET', `${requests}/${expungeId}`)).toBe(403);
  });
});

async function untilEnrolled(contactId: string): Promise<void> {
  const enrolled = async (): Promise<true | undefined> =>
    (await tracesInDatabase(system.postgres!.superuserUrl, 'workflow_service', [contactId])).some((trace) =>
      trace.includes('timer'),
    ) || undefined;
  await waitUntil(enrolled, { what: 'the contact is enrolled', timeoutMs: 30_000 });
}

/** Does what the mail tells its reader to do. */
async function verify(certificate: Buffer, command: string, email: string): Promise<string> {
  const file = join(system.dataDir, `${createHash('sha256').update(certificate).digest('hex')}.jws`);
  await writeFile(file, certificate);
  const cli = join(repositoryRoot(), 'dist/apps/privacy-service/src/certificate/verify-cli.js');
  const args = command
    .replace('certificate.jws', file)
    .replace(/"<[^>]*>"/, email)
    .split(' ');
  return (await promisify(execFile)(process.execPath, [cli, ...args])).stdout;
}

test('When the demo is shown on a system that runs outside, then it tells the whole story and verifies the certificate', async () => {
  const mailpit = await asMailpit(system.mail!);
  const { tokenUrl, clientSecret } = system.identity;
  const addresses = { urls: system.urls, brokers: system.brokers, tokenUrl, clientSecret, inboxUrl: mailpit.url };
  const outside = await connectExternal(addresses, system.dataDir);
  const api = new Api(outside.identity);
  const told: string[] = [];
  const say = (line: string): void => void told.push(line);
  await deleteAccountEverywhere(outside, api, await setTheScene(outside, api, say), say);
  mailpit.stop();
  expect(told.join('\n')).toMatch(/signed with DKIM[^]*verified offline[^]*A recruiter finds nobody/);
}, 60_000);
