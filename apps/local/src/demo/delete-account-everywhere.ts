import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { simpleParser } from 'mailparser';
import { repositoryRoot } from '../paths.js';
import { waitUntil } from '../wait-until.js';
import type { Actor, Api } from '../api.js';
import type { Say } from './run-demo.js';
import type { DemoSystem } from './external-system.js';
import { type HeardMessage, startOtherSystem } from './other-system.js';
import type { Scene } from './set-the-scene.js';

const ADDRESS = 'lena.gross@example.com';
const PATIENCE = { timeoutMs: 20_000 };
const EVIDENCE = 'expunge.acks';
const PUBLIC = 'contact.expunged';

/** A contact of a client with expunge presses Delete Account. Returns the demo's last line. */
export async function deleteAccountEverywhere(system: DemoSystem, api: Api, scene: Scene, say: Say): Promise<string> {
  const account = `${system.urls['contact-service']}/v1/account`;
  const candidate: Actor = { subject: 'candidate-lena', roles: ['candidate'], tenantId: scene.tenantId };
  const person = { email: ADDRESS, givenName: 'Lena', familyName: 'Groß', phone: '+49 30 23125 999', language: 'en' };
  const { body: contact } = await api.call<{ id: string }>(candidate, 'POST', account, { ...person, country: 'DE' });
  const notes = `${system.urls['contact-service']}/v1/contacts/${contact.id}/notes`;
  await api.call(scene.recruiter, 'POST', notes, { body: 'Lena sounded keen; call back on Monday' });
  say(`5. A candidate signed up at Nordlicht Werke: contact ${contact.id}; a recruiter made a note about her`);
  const heard: HeardMessage[] = [];
  const hear = listen(heard, contact.id, say);
  const otherSystem = await startOtherSystem(system.brokers, [EVIDENCE, PUBLIC], hear);
  try {
    const clicked = performance.now();
    const { status, body } = await api.call<{ expungeId: string; statusUrl: string }>(candidate, 'DELETE', account);
    say(`6. Delete Account (expunge on): ${status}, request ${body.expungeId}`);
    await waitUntil(() => isConfirmed(system, api, scene, body.expungeId), {
      what: 'the removal is confirmed',
      everyMs: 5,
      ...PATIENCE,
    });
    const tookMs = Math.round(performance.now() - clicked);
    await waitUntil(() => found(heard, PUBLIC), { what: 'ContactExpunged is heard', ...PATIENCE });
    const participants = heard.filter(({ topic }) => topic === EVIDENCE).length;
    await showMail(system, body.statusUrl, say);
    await showThatItIsGone(system, api, scene, contact.id, say);
    return `demo: expunged 1 contact in ${tookMs} ms, ${participants} participants acknowledged, certificate valid`;
  } finally {
    await otherSystem.stop();
  }
}

/** Tells the evidence and the public event of one contact as they come in. */
function listen(heard: HeardMessage[], contactId: string, say: Say): (message: HeardMessage) => void {
  return (message) => {
    if (message.key !== contactId) return;
    heard.push(message);
    const { participant, outcome, stores } = message.data as { participant: string; outcome: string; stores: Store[] };
    if (message.topic === EVIDENCE) {
      const counts = stores.map(({ store, erased, remaining }) => `${store} ${erased} deleted, ${remaining} left`);
      say(`   evidence of ${participant}: ${outcome} (${counts.join('; ')})`);
    } else {
      say(`   another system read ${message.type} from ${message.topic}: ${JSON.stringify(message.data)}`);
    }
  };
}

interface Store {
  readonly store: string;
  readonly erased: number;
  readonly remaining: number;
}

const found = (heard: HeardMessage[], topic: string): Promise<true | undefined> =>
  Promise.resolve(heard.some((message) => message.topic === topic) || undefined);

async function isConfirmed(system: DemoSystem, api: Api, scene: Scene, expungeId: string): Promise<true | undefined> {
  const url = `${system.urls['privacy-service']}/v1/expunge-requests`;
  const { body } = await api.call<{ items: { expungeId: string; state: string }[] }>(scene.officer, 'GET', url);
  return body.items.some((request) => request.expungeId === expungeId && request.state === 'confirmed') || undefined;
}

async function showMail(system: DemoSystem, statusUrl: string, say: Say): Promise<void> {
  if (!system.mail) throw new Error('the demo needs its own mail inbox: unset SMTP_URL');
  const { id } = await system.mail.waitForMail(ADDRESS, PATIENCE.timeoutMs);
  const source = await system.mail.source(id);
  const mail = await simpleParser(source);
  say(
    `7. The mail as received: "${mail.subject}", ${/^DKIM-Signature:/im.test(source) ? 'signed with DKIM' : 'UNSIGNED'}`,
  );
  say((mail.text ?? '').trim().replaceAll(/^/gm, '   | '));
  const attached = mail.attachments.find(({ filename }) => filename === 'certificate.jws');
  const salt = /salt: ([\w-]{22})/i.exec(mail.text ?? '')?.[1];
  if (!attached || !salt) throw new Error('the mail has no certificate or no salt');
  const file = join(dirname(system.logDir), 'certificate.jws');
  await writeFile(file, attached.content);
  say('8. The certificate, verified offline with npm run certificate:verify');
  say((await verify(file, system.secrets.certificateJwksFile, salt)).replaceAll(/^/gm, '   | '));
  const page = await fetch(statusUrl, { headers: { accept: 'application/json' } });
  say(`9. The status page of the person, without any login: ${page.status} ${await page.text()}`);
}

async function verify(file: string, jwks: string, salt: string): Promise<string> {
  const cli = join(repositoryRoot(), 'dist/apps/privacy-service/src/certificate/verify-cli.js');
  const { stdout } = await promisify(execFile)(process.execPath, [
    cli,
    file,
    '--jwks',
    jwks,
    '--email',
    ADDRESS,
    `--salt=${salt}`,
  ]);
  return stdout.trim();
}

async function showThatItIsGone(
  system: DemoSystem,
  api: Api,
  scene: Scene,
  contactId: string,
  say: Say,
): Promise<void> {
  const contacts = `${system.urls['contact-service']}/v1/contacts`;
  const { body } = await api.call<{ items: unknown[] }>(scene.recruiter, 'POST', `${contacts}/search`, {
    email: ADDRESS,
  });
  if (body.items.length > 0) throw new Error('the contact can still be found');
  const removal = await api.call(scene.recruiter, 'GET', `${contacts}/${contactId}/removal`);
  say(`10. A recruiter finds nobody under that address, and sees of the removal: ${JSON.stringify(removal.body)}`);
}
