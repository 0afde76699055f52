import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Child, startChild } from './children.js';
import { KeepRunning } from './keep-running.js';
import { waitUntil } from './wait-until.js';

let dir: string;
let server: KeepRunning<Child>;
const reports: string[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keep-running-'));
  reports.length = 0;
  const [logFile, pidFile] = [join(dir, 'server.log'), join(dir, 'server.pid')];
  const args = ['-e', 'setInterval(() => 0, 1000)', dir];
  server = new KeepRunning({
    name: 'the server',
    logFile,
    launch: () => startChild({ command: process.execPath, args, env: {}, logFile, pidFile, marker: dir }),
    end: (running) => running.stop('SIGTERM', 5_000),
    report: (line) => void reports.push(line),
  });
  await server.start();
});

afterEach(async () => {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

test('When the process ends unasked, then one line says so and another one runs', async () => {
  const first = server.current?.pid ?? process.pid;
  process.kill(first, 'SIGKILL');
  const second = () => (server.current && server.current.pid !== first) || undefined;
  await waitUntil(second, { what: 'another process runs', timeoutMs: 30_000 });
  expect(reports).toEqual([expect.stringMatching(/^the server ended with SIGKILL; started again .*restart 1/)]);
});

test('When it is killed or stopped on purpose, then nothing is said and it stays down until it is started', async () => {
  await server.kill('SIGKILL');
  expect(server.current).toBeUndefined();
  await server.start();
  expect(server.current).toBeDefined();
  await server.stop();
  expect([server.current, server.restarts, reports]).toEqual([undefined, 0, []]);
});
