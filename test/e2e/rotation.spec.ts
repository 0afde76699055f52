import { createPublicKey, generateKeyPairSync, type JsonWebKey, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { simpleParser } from 'mailparser';
import pg from 'pg';
import { waitUntil } from '#local';
import { many } from '../support/make.js';
import {
  aCompany,
  type Company,
  type Deleted,
  deleteAccount,
  type SignedUp,
  signUp,
  startTestSystem,
  type TestSystem,
  untilState,
} from '../support/test-system.js';

type Removed = SignedUp & Deleted;

let system: TestSystem;
let company: Company;
/** What DNS would say of the DKIM keys, old and new. */
const dns = new Map<string, string>();

beforeAll(async () => {
  system = await startTestSystem();
  company = await aCompany(system);
}, 180_000);
afterAll(() => system.remove());

/** People who sign up and press Delete Account, three at a time, until `stop`. An answer that is an error fails it. */
function load(): { removed: Removed[]; stop: () => Promise<void> } {
  const removed: Removed[] = [];
  let on = true;
  const worker = async (): Promise<void> => {
    while (on) {
      const person = await signUp(system, company);
      removed.push({ ...person, ...(await deleteAccount(system, person)) });
    }
  };
  const workers = Promise.all(many(3, worker));
  // Told to whoever stops it; a failure in between must not end the run.
  workers.catch(() => undefined);
  return {
    removed,
    stop: async () => {
      on = false;
      await workers;
    },
  };
}

/** In one step, as a mounted secret changes. */
async function replace(file: string, content: unknown): Promise<void> {
  await writeFile(`${file}.new`, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

const keysIn = async <Key>(file: string): Promise<Key[]> =>
  (JSON.parse(await readFile(file, 'utf8')) as { keys: Key[] }).keys;

async function changeKeyring(): Promise<void> {
  const file = system.secrets.sealKeyringFile;
  const keys = await keysIn<object>(file);
  await replace(file, { keys: [{ kid: 'rotated', k: randomBytes(32).toString('base64url') }, ...keys] });
}

async function changeCertificateKey(): Promise<void> {
  const file = system.secrets.certificateKeysFile;
  const retired = (await keysIn<JsonWebKey>(file)).map((key) => ({ ...key, d: undefined }));
  const { privateKey } = generateKeyPairSync('ed25519');
  const current = { ...privateKey.export({ format: 'jwk' }), kid: 'rotated', alg: 'EdDSA', use: 'sig' };
  await replace(file, { keys: [current, ...retired] });
}

interface DkimKey {
  readonly domain: string;
  readonly selector: string;
  readonly privateKey: string;
}

function publish({ domain, selector, privateKey }: DkimKey): void {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).toString('base64');
  dns.set(`${selector}._domainkey.${domain}`, `v=DKIM1; k=rsa; p=${spki}`);
}

async function changeDkimKey(): Promise<void> {
  const file = system.secrets.dkimKeysFile;
  const keys = await keysIn<DkimKey>(file);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const rotated = keys.map((key) => ({ ...key, selector: 'rotated', privateKey: pem }));
  [...keys, ...rotated].forEach(publish);
  await replace(file, { keys: rotated });
}

/** File first, then the server. Open connections go on; what new ones do is tested in database-password.int.spec. */
async function changeDatabasePasswords(): Promise<void> {
  const server = new pg.Client({ connectionString: system.postgres!.superuserUrl });
  await server.connect();
  for (const { appUrl, appPasswordFile } of Object.values(system.databases)) {
    const password = randomBytes(16).toString('base64url');
    await replace(appPasswordFile!, `${password}\n`);
    await server.query(`ALTER ROLE ${new URL(appUrl).username} PASSWORD ${server.escapeLiteral(password)}`);
  }
  await server.end();
}

const untilMore = (removed: readonly Removed[], count: number): Promise<unknown> => {
  const goal = removed.length + count;
  return waitUntil(() => removed.length >= goal || undefined, { what: `${count} more are removed`, timeoutMs: 60_000 });
};

/** Certificate and signature of the one confirmation a person got: which keys they were made with. */
async function proofOf(person: Removed, keys: JSONWebKeySet): Promise<{ certificateKid: string; selector: string }> {
  const mails = await system.mail!.messages({ to: person.email });
  expect(mails).toHaveLength(1);
  const source = await system.mail!.source(mails[0]!.id);
  const resolver = (name: string): Promise<string[][]> => Promise.resolve([[dns.get(name) ?? '']]);
  const { results } = await dkimVerify(Buffer.from(source), { resolver });
  expect(results.map(({ status }) => status.result)).toEqual(['pass']);
  const mail = await simpleParser(source);
  const jws = mail.attachments.find(({ filename }) => filename === 'certificate.jws')!.content.toString();
  await compactVerify(jws, createLocalJWKSet(keys));
  return { certificateKid: decodeProtectedHeader(jws).kid!, selector: String(results[0]?.selector) };
}

test('When every secret is changed under load, then no request fails and every confirmation arrives and verifies', async () => {
  const { removed, stop } = load();
  await untilMore(removed, 10);
  for (const change of [changeKeyring, changeCertificateKey, changeDkimKey, changeDatabasePasswords]) {
    await change();
    await untilMore(removed, 10);
  }
  await stop();
  for (const { expungeId } of removed) await untilState(system, company, expungeId, 'confirmed', 60_000);

  const published = await fetch(`${system.urls['privacy-service']}/.well-known/jwks.json`);
  const keys = (await published.json()) as JSONWebKeySet;
  const proofs = await Promise.all(removed.map((person) => proofOf(person, keys)));
  const certificateKids = new Set(proofs.map(({ certificateKid }) => certificateKid));
  expect(certificateKids).toEqual(new Set(keys.keys.map(({ kid }) => kid)));
  expect(certificateKids.size).toBe(2);
  expect(new Set(proofs.map(({ selector }) => selector))).toEqual(new Set(['local', 'rotated']));
}, 240_000);
