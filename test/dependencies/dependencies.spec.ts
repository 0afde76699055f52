import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { repositoryRoot } from '#local';
import { askRegistry, auditProblems, NoAnswer } from './audit.js';
import { licenceProblems } from './licences.js';
import { type LockFile, readJson, shippedPackages } from './lock-file.js';
import { makeSbom } from './sbom.js';

const lock = readJson<LockFile>('package-lock.json');
const shipped = shippedPackages(lock);

describe('licences', () => {
  test('When the lock file is read, then every package that images carry has an allowed licence', () => {
    expect(licenceProblems(shipped)).toEqual([]);
  });

  test.each([
    ['GPL-3.0-only', true],
    ['MIT AND GPL-3.0-only', true],
    ['(MIT OR (ISC AND GPL-3.0-only))', true],
    ['SEE LICENSE IN LICENSE', true],
    [undefined, true],
    ['(GPL-3.0-only OR MIT)', false],
    ['(MIT AND ISC)', false],
  ])('When a package comes under %s, then whether that is found: %s', (licence, found) => {
    const problems = licenceProblems([...shipped, { id: 'new@1.0.0', licence }]);
    expect(problems).toEqual(found ? [expect.stringContaining('new@1.0.0')] : []);
  });

  test('When a package that was read by hand has a new version, then it is to be read again and the note to go', () => {
    const upgraded = shipped.map((one) => (one.id === 'busboy@1.6.0' ? { ...one, id: 'busboy@1.6.1' } : one));
    expect(licenceProblems(upgraded)).toEqual([
      expect.stringMatching(/^busboy@1\.6\.1: says no licence/),
      expect.stringMatching(/^busboy@1\.6\.0: .* any more$/),
    ]);
  });
});

test('When the SBOM is made, then it has all that images carry and nothing else, with hash and licence', async () => {
  const { metadata, components } = await makeSbom();
  expect(metadata.component).toMatchObject({ name: 'contact-expunge' });
  expect(components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual(
    shipped.map(({ id }) => id).sort(),
  );
  expect(components.filter(({ hashes, licenses }) => !hashes?.length || !licenses?.length)).toEqual([]);
});

describe('advisories', () => {
  const url = 'https://advisories.example/1';
  let registry: Server;
  let asked: string[];
  let severity: string;
  let status: number;

  const ask = () =>
    askRegistry(repositoryRoot(), `--registry=http://127.0.0.1:${(registry.address() as AddressInfo).port}`);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!request.url?.endsWith('/advisories/bulk')) return void response.writeHead(404).end();
    const packages = (await json(request.pipe(createGunzip()))) as Record<string, string[]>;
    asked = Object.entries(packages).flatMap(([name, versions]) => versions.map((version) => `${name}@${version}`));
    const advisory = { id: 1, url, title: 'reads beyond', severity, vulnerable_versions: '<99.0.0', cwe: [] };
    response.writeHead(status).end(JSON.stringify({ kafkajs: [advisory] }));
  }

  beforeEach(async () => {
    [asked, severity, status] = [[], 'high', 200];
    registry = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
    await new Promise((resolve) => registry.once('listening', resolve));
  });
  afterEach(() => {
    registry.close();
  });

  test('When the registry is asked, then about everything that images carry', async () => {
    await ask();
    expect(asked).toEqual(expect.arrayContaining(shipped.map(({ id }) => id)));
  });

  test('When it knows a high advisory, then that is found until a reason is written down, and again when that is over', async () => {
    const report = await ask();
    const accepted = [{ advisory: url, reason: 'never called', until: '2030-02-01' }];
    const found = [`kafkajs <99.0.0: high, reads beyond, ${url}`];
    expect(auditProblems(report, [], '2030-01-31')).toEqual(found);
    expect(auditProblems(report, accepted, '2030-01-31')).toEqual([]);
    expect(auditProblems(report, accepted, '2030-02-01')).toEqual(found);
  });

  test('When it knows a moderate one only, then nothing is found, and an acceptance has nothing to excuse', async () => {
    severity = 'moderate';
    const report = await ask();
    expect(auditProblems(report, [], '2030-01-31')).toEqual([]);
    expect(auditProblems(report, [{ advisory: url, reason: 'x', until: '2030-02-01' }], '2030-01-31')).toEqual([
      expect.stringMatching(/no such finding/),
    ]);
  });

  test('When it cannot be asked, then that is said and is no clean result', async () => {
    status = 405;
    await expect(ask()).rejects.toThrow(NoAnswer);
  });
});
