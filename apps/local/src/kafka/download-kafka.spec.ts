import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { sourceFile } from '../paths.js';
import { WrongHash, downloadKafka } from './download-kafka.js';

let cacheDir: string;
let list: string;
let jar: string;

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'kafka-cache-'));
  list = join(cacheDir, 'list.txt');
  jar = join(cacheDir, 'thing-1.0.jar');
  const sha256 = createHash('sha256').update('the right bytes').digest('hex');
  writeFileSync(list, `org.example:thing:1.0 ${sha256}\n`);
});

afterEach(() => rmSync(cacheDir, { recursive: true, force: true }));

test('When everything is in the cache, then nothing is downloaded', async () => {
  writeFileSync(jar, 'the right bytes');
  const said: string[] = [];
  expect(await downloadKafka({ cacheDir, list, progress: (line) => said.push(line) })).toEqual([jar]);
  expect(said).toEqual([]);
});

test('When a jar in the cache has other bytes, then it is deleted and the start fails', async () => {
  writeFileSync(jar, 'other bytes');
  await expect(downloadKafka({ cacheDir, list })).rejects.toThrow(WrongHash);
  expect(existsSync(jar)).toBe(false);
});

test('When the list of jars is read, then every line names an artifact with its hash', () => {
  const lines = readFileSync(sourceFile('kafka', 'artifacts.txt'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(46);
  for (const line of lines) expect(line).toMatch(/^[\w.-]+:[\w.-]+:[\w.-]+ [0-9a-f]{64}$/);
});
