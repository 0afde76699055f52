import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  repositoryRoot,
  SERVICE_NAMES,
  type ServiceName,
  type ServiceProcess,
  startService,
  waitUntil,
  waitUntilReady,
} from '#local';
import { TOPICS } from '#contracts';
import type { TestSystem } from '../support/test-system.js';
import type { Processes } from './usage.js';

const SWALLOW_MAIL = new URL('swallow-mail.js', import.meta.url).href;
const READY_MS = 60_000;

/** Who does the main job: our services, or one of those they are compared with; four processes each. */
export interface Contestant {
  readonly name: string;
  /** The topics whose sizes tell how far it is: asked to erase, expunged everywhere, confirmation accepted. */
  readonly topics: Readonly<Record<'asked' | 'expunged' | 'accepted', string>>;
  /** Compiled program of each process. */
  readonly main: (name: ServiceName) => string;
  readonly env: (name: ServiceName) => Record<string, string>;
  /** Consumer groups of the processes, and the topics they read. */
  readonly groups: readonly string[];
  readonly reads: readonly string[];
  readonly nodeFlags?: string[];
  /** Besides the flags. */
  readonly nodeOptions?: readonly string[];
  /** Resolves when a process that was started takes messages; without it, it prints `ready`. */
  readonly ready?: (name: ServiceName, see: string) => Promise<void>;
}

/** The four processes of a contestant while they run. */
export class Programs {
  /** Why a process has ended that should not have. */
  failed?: string;
  private readonly running = new Map<ServiceName, ServiceProcess>();

  constructor(
    private readonly contestant: Contestant,
    private readonly logDir: string,
  ) {}

  /** Starts these and waits until they are ready. Without mail, every mail is accepted at once and nothing is sent. */
  async start(names: readonly ServiceName[], mail: boolean): Promise<void> {
    await Promise.all(names.map((name) => this.startOne(name, mail)));
  }

  processes(): Processes {
    return Object.fromEntries(SERVICE_NAMES.map((name) => [name, this.running.get(name)?.pid]));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.running.values()].map((process) => process.stop()));
    this.running.clear();
  }

  private async startOne(name: ServiceName, mail: boolean): Promise<void> {
    const { main, env, nodeFlags, nodeOptions = [], ready } = this.contestant;
    const options = [...nodeOptions, ...(mail ? [] : [`--import ${SWALLOW_MAIL}`])].join(' ');
    const logFile = join(this.logDir, `bench-${this.contestant.name.replaceAll(' ', '-')}-${name}.log`);
    const said = { ready: false };
    const process = await startService({
      name,
      main: main(name),
      env: { ...env(name), NODE_OPTIONS: options },
      nodeFlags,
      logFile,
      onLine: (line) => (said.ready ||= line === 'ready'),
    });
    this.running.set(name, process);
    void process.exited.then(({ code }) => {
      if (code !== 0) this.failed ??= `${name} of ${this.contestant.name} ended with ${code} (see ${logFile})`;
    });
    if (ready) return ready(name, logFile);
    const look = (): true | undefined => {
      if (this.failed !== undefined) throw new Error(this.failed);
      return said.ready || undefined;
    };
    await waitUntil(look, { what: `${name} is ready`, timeoutMs: READY_MS, see: logFile });
  }
}

/** Our services as they are, with the settings they are started with everywhere; with CPU profiles when told where to. */
export function ours({ env, urls }: TestSystem, profiles?: string): Contestant {
  const profiled = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  return {
    name: 'ours',
    topics: { asked: 'expunge.commands', expunged: 'contact.expunged', accepted: 'notification.events' },
    main: (name) => join(repositoryRoot(), 'dist', 'apps', name, 'src', 'main.js'),
    env: (name) => env[name],
    groups: SERVICE_NAMES,
    reads: Object.keys(TOPICS),
    nodeOptions: profiled,
    ready: (name, see) => waitUntilReady(name, urls[name], { timeoutMs: READY_MS, see }),
  };
}

/** The same work on the same databases and topics by programs that do nothing else. */
export function speedOfLight({ env }: TestSystem, sampleFile: string): Contestant {
  return {
    name: 'speed of light',
    topics: { asked: 'expunge.commands', expunged: 'contact.expunged', accepted: 'notification.events' },
    main: (name) => fileURLToPath(new URL(`speed-of-light/${name}.js`, import.meta.url)),
    env: (name) => ({ ...env[name], SAMPLE_FILE: sampleFile }),
    groups: SERVICE_NAMES,
    reads: Object.keys(TOPICS),
    nodeFlags: [],
  };
}
