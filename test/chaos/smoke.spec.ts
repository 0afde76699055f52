import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '#local';

test('When things break at random while 200 contacts are expunged, then nothing that is promised is violated', async () => {
  const program = join(repositoryRoot(), 'dist', 'test', 'chaos', 'chaos.js');
  const args = ['--enable-source-maps', program, '--expunges', '200', '--seed', '1', '--minutes', '1'];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env: { ...process.env, NODE_OPTIONS: '' },
  }).catch(({ stdout: said, stderr }: { stdout: string; stderr: string }) => ({ stdout: `${said}\n${stderr}` }));
  const lines = stdout.trim().split('\n');
  expect(lines.filter((line) => line.includes('VIOLATED'))).toEqual([]);
  expect(lines.at(-1)).toMatch(/^chaos: 2\d\d expunges, \d+ faults, 0 violations, recovery p95 \d+\.\d s, seed 1$/);
}, 300_000);
