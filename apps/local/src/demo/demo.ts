import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireNodeVersion } from '#service';
import { Stopped, aborted, stopOnSignals } from '../stop-on-signals.js';
import { startSystem } from '../system.js';
import { deleteAccountEverywhere } from './delete-account-everywhere.js';
import { Api } from '../api.js';
import { setTheScene } from './set-the-scene.js';

requireNodeVersion();

const HELP = `npm run demo: shows the main job on real parts, on this machine only.

Starts PostgreSQL, Kafka, a mail inbox, an identity provider and the four services in a temporary folder, adds the
contacts of apps/local/src/demo/contacts.csv, deletes one account for a client without expunge and one for a client
with it, and shows the evidence, the mail, the verified certificate and what other systems hear. Then stops everything.
Needs Node and a Java runtime 17 or newer.`;

/** What a shell expects of a program that Ctrl-C ended. */
const STOPPED = 130;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs the demo and returns the exit code. Its folder is removed; only after a failure the logs stay. */
async function main(): Promise<number> {
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
    print(HELP);
    return 0;
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'contact-expunge-demo-'));
  const stopping = stopOnSignals(() => endAtOnce(dataDir));
  try {
    const lastLine = await demonstrate(dataDir, stopping);
    await rm(dataDir, { recursive: true, force: true });
    print(lastLine);
    return 0;
  } catch (error) {
    // Whatever broke while all was being stopped broke because of that.
    if (!stopping.aborted) return await failed(error, dataDir);
    await rm(dataDir, { recursive: true, force: true });
    print('demo: stopped');
    return STOPPED;
  }
}

/** Tells the whole story and returns its last line; everything that was started is stopped, also after an error. */
async function demonstrate(dataDir: string, signal: AbortSignal): Promise<string> {
  const say = (line: string): void => {
    if (!signal.aborted) print(line);
  };
  say('1. Starting PostgreSQL, Kafka, an identity provider, a mail inbox and the four services');
  const output = (line: string): void => say(`   ${line}`);
  const system = await startSystem({ dataDir, ports: 'free', fsync: false, fast: true, output, signal });
  const stopped = aborted(signal).then(() => Promise.reject(new Stopped()));
  const story = async (): Promise<string> => {
    const api = new Api(system.identity);
    return deleteAccountEverywhere(system, api, await setTheScene(system, api, say), say);
  };
  try {
    return await Promise.race([story(), stopped]);
  } finally {
    await system.stop();
  }
}

/** Says what failed and where its logs are, the only thing that is kept: the rest are secrets and data. */
async function failed(error: unknown, dataDir: string): Promise<number> {
  const logs = join(dataDir, 'logs');
  const others = existsSync(logs) ? (await readdir(dataDir)).filter((name) => name !== 'logs') : [''];
  for (const name of others) await rm(join(dataDir, name), { recursive: true, force: true });
  const see = existsSync(logs) ? ` (logs: ${logs})` : '';
  process.stderr.write(`demo: failed: ${error instanceof Error ? error.message : String(error)}${see}\n`);
  return 1;
}

/** The second Ctrl-C: the exit guard kills the children, then their folder goes. */
function endAtOnce(dataDir: string): never {
  // Tries again while a child that was just killed still writes.
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  print('demo: stopped');
  process.exit(STOPPED);
}

// Ends also what an interrupted story left waiting.
process.exit(await main());
