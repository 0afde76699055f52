import { beforeEach, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.js';

/** Beyond every id a process can have on Linux. */
const NOBODY = 2 ** 22 + 1;

let lock: string;
let done: string[];
beforeEach(async () => {
  lock = join(await mkdtemp(join(tmpdir(), 'one-at-a-time-')), 'lock');
  done = [];
});

const act = (): Promise<void> =>
  oneAtATime(lock, { mend: async () => void done.push('mended'), work: async () => void done.push('worked') });

test('When nobody is at it, then it is done at once, and the lock is given back', async () => {
  await act();
  expect(done).toEqual(['worked']);
  expect(existsSync(lock)).toBe(false);
});

test('When who was at it was killed, then what it left is mended, and it is done', async () => {
  await writeFile(lock, String(NOBODY));
  await act();
  expect(done).toEqual(['mended', 'worked']);
});

test('When somebody else is at it, then that is waited for', async () => {
  await writeFile(lock, String(process.ppid));
  const acting = act();
  expect(done).toEqual([]);
  await rm(lock);
  await acting;
  expect(done).toEqual(['worked']);
});

test('When it fails, then the lock is given back all the same', async () => {
  const failing = oneAtATime(lock, { mend: async () => undefined, work: () => Promise.reject(new Error('no room')) });
  await expect(failing).rejects.toThrow('no room');
  expect(existsSync(lock)).toBe(false);
});
