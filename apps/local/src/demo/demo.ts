import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem } from '../system.js';
import { deleteAccountEverywhere } from './delete-account-everywhere.js';
import { Api } from '../api.js';
import { setTheScene } from './set-the-scene.js';

const HELP = `npm run demo: shows the main job on real parts, on this machine only.

Starts PostgreSQL, Kafka, a mail inbox, an identity provider and the four services in a temporary folder, adds the
contacts of apps/local/src/demo/contacts.csv, deletes one account for a client without expunge and one for a client
with it, and shows the evidence, the mail, the verified certificate and what other systems hear. Then stops everything.
Needs Node and a Java runtime 17 or newer.`;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) return say(HELP);
  const dataDir = await mkdtemp(join(tmpdir(), 'contact-expunge-demo-'));
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  say('1. Starting PostgreSQL, Kafka, an identity provider, a mail inbox and the four services');
  const output = (line: string): void => say(`   ${line}`);
  const system = await startSystem({
    dataDir,
    ports: 'free',
    fsync: false,
    fast: true,
    output,
    signal: stopping.signal,
  });
  try {
    const api = new Api(system.identity);
    const scene = await setTheScene(system, api, say);
    stopping.signal.throwIfAborted();
    const lastLine = await deleteAccountEverywhere(system, api, scene, say);
    await system.stop();
    say(lastLine);
  } finally {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`demo: failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
