import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireNodeVersion } from '#service';
import { Stopped, aborted, stopOnSignals } from '../stop-on-signals.js';
import { type LocalSystem, type SystemOptions, startSystem } from '../system.js';
import { connectExternal, type DemoSystem, externalAddresses } from './external-system.js';

export type Say = (line: string) => void;

export interface Demo {
  /** What it is called in its messages. */
  readonly name: string;
  readonly help: string;
  /** Said before the system starts. */
  readonly opening: string;
  readonly env?: SystemOptions['env'];
  /** Tells the story on a running system and returns its last line. */
  story(system: LocalSystem, say: Say): Promise<string>;
  /** The same on a system that somebody else runs (--external), where that can be told. */
  external?(system: DemoSystem, say: Say): Promise<string>;
}

/** What a shell expects of a program that Ctrl-C ended. */
const STOPPED = 130;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a demo and ends the process. Its folder is removed; only after a failure the logs stay. */
export async function runDemo(demo: Demo): Promise<never> {
  requireNodeVersion();
  // Ends also what an interrupted story left waiting.
  process.exit(await run(demo));
}

async function run(demo: Demo): Promise<number> {
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
    print(demo.help);
    return 0;
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'contact-expunge-demo-'));
  const stopping = stopOnSignals(() => endAtOnce(demo, dataDir));
  try {
    const lastLine = await demonstrate(demo, dataDir, stopping);
    await rm(dataDir, { recursive: true, force: true });
    print(lastLine);
    return 0;
  } catch (error) {
    // Whatever broke while all was being stopped broke because of that.
    if (!stopping.aborted) return await failed(demo, error, dataDir);
    await rm(dataDir, { recursive: true, force: true });
    print(`${demo.name}: stopped`);
    return STOPPED;
  }
}

/** Tells the whole story and returns its last line; everything that was started is stopped, also after an error. */
async function demonstrate(demo: Demo, dataDir: string, signal: AbortSignal): Promise<string> {
  const say: Say = (line) => {
    if (!signal.aborted) print(line);
  };
  const stopped = aborted(signal).then(() => Promise.reject(new Stopped()));
  if (process.argv.includes('--external')) return Promise.race([demonstrateOutside(demo, dataDir, say), stopped]);
  say(demo.opening);
  const output = (line: string): void => say(`   ${line}`);
  const system = await startSystem({ dataDir, ports: 'free', fsync: false, fast: true, env: demo.env, output, signal });
  try {
    return await Promise.race([demo.story(system, say), stopped]);
  } finally {
    await system.stop();
  }
}

/** Nothing is started and nothing stopped: the contacts stay in the system. */
async function demonstrateOutside(demo: Demo, dataDir: string, say: Say): Promise<string> {
  if (!demo.external) throw new Error('there is no --external');
  say('1. Connecting to the system that runs outside');
  return demo.external(await connectExternal(await externalAddresses(), dataDir), say);
}

/** Says what failed and where its logs are, the only thing that is kept: the rest are secrets and data. */
async function failed(demo: Demo, error: unknown, dataDir: string): Promise<number> {
  const logs = join(dataDir, 'logs');
  const others = existsSync(logs) ? (await readdir(dataDir)).filter((name) => name !== 'logs') : [''];
  for (const name of others) await rm(join(dataDir, name), { recursive: true, force: true });
  const see = existsSync(logs) ? ` (logs: ${logs})` : '';
  process.stderr.write(`${demo.name}: failed: ${error instanceof Error ? error.message : String(error)}${see}\n`);
  return 1;
}

/** The second Ctrl-C: the exit guard kills the children, then their folder goes. */
function endAtOnce(demo: Demo, dataDir: string): never {
  // Tries again while a child that was just killed still writes.
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  print(`${demo.name}: stopped`);
  process.exit(STOPPED);
}
