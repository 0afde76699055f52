import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AlreadyRunning, identify, rememberProcess, stopOrphan } from './orphans.js';

const GONE = { pid: 2 ** 22 + 1, startedAt: '1' };
let dir: string;
let file: string;
let child: ChildProcess;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'orphans-'));
  file = join(dir, 'child.pid');
  child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)', 'our-marker'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('spawn', resolve));
  await rememberProcess(file, pidOf(child), 'our-marker');
});

afterEach(() => {
  child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

test('When the launcher is gone, then its process is ended and forgotten', async () => {
  rewrite({ launcher: GONE });
  expect(await stopOrphan(file, 'SIGTERM', 5_000)).toBe(true);
  expect(await identify(pidOf(child))).toBeUndefined();
  expect(existsSync(file)).toBe(false);
});

test('When the launcher still lives, then nothing is ended', async () => {
  await expect(stopOrphan(file, 'SIGTERM', 5_000)).rejects.toThrow(AlreadyRunning);
  expect(await identify(pidOf(child))).toBeDefined();
});

test.each([
  ['started at another time', { launcher: GONE, startedAt: '1' }],
  ['with another command line', { launcher: GONE, marker: 'somebody-else' }],
])('When the process id now belongs to one %s, then that one is left alone', async (_what, change) => {
  rewrite(change);
  expect(await stopOrphan(file, 'SIGTERM', 5_000)).toBe(false);
  expect(await identify(pidOf(child))).toBeDefined();
});

test.each(['', '{half', '{"pid":1}', 'null'])('When the file holds %j, then there is no orphan', async (content) => {
  writeFileSync(file, content);
  expect(await stopOrphan(file, 'SIGTERM', 5_000)).toBe(false);
});

function rewrite(change: object): void {
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...change }));
}

function pidOf(process: ChildProcess): number {
  return process.pid ?? -1;
}
