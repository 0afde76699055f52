import { existsSync } from 'node:fs';
import { type Exit, startChild } from './children.js';
import { baseEnvironment } from './config.js';
import { waitUntil } from './wait-until.js';

/** Longer than a service needs to finish what it is doing when it is asked to stop. */
const STOP_TIMEOUT_MS = 50_000;
const MIGRATE_TIMEOUT_MS = 60_000;

/**
 * What services are started with everywhere (checked: also by their images). In a heap as small as below V8 would look for
 * garbage after each 30 % of growth, hundreds of times in a backlog (`test/bench/README.md`).
 */
export const SERVICE_FLAGS = ['--enable-source-maps', '--heap-growing-percent=70'];
/** Keeps a service's memory small: Node's own limits let the heap grow to several times what is alive. */
const HEAP_FLAGS = ['--max-old-space-size=160', '--max-semi-space-size=16'];
/** Nor does glibc keep memory for every thread, or that of large buffers once they are gone. */
const SERVICE_ENVIRONMENT = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };

export interface ServiceOptions {
  name: string;
  /** The compiled program, an absolute path. */
  main: string;
  args?: string[];
  env: Record<string, string>;
  /** Those of all services, with HEAP_FLAGS and SERVICE_ENVIRONMENT, unless told. */
  nodeFlags?: string[];
  logFile: string;
  /** Where the process is remembered; beside the log unless told. */
  pidFile?: string;
  /** Gets each line that the service prints. */
  onLine?: (line: string) => void;
}

/** One running process of a service. */
export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the process ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, then SIGKILL after 50 s; returns when the process is gone. */
  stop(): Promise<void>;
  /** Sends one signal and returns when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a service as a process of its own. It need not be ready yet: see `waitUntilReady`. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  if (!existsSync(options.main)) throw new Error(`${options.main} does not exist: run npm run build first`);
  const child = await startChild({
    command: process.execPath,
    args: [...(options.nodeFlags ?? [...SERVICE_FLAGS, ...HEAP_FLAGS]), options.main, ...(options.args ?? [])],
    env: { ...baseEnvironment(), ...(options.nodeFlags ? {} : SERVICE_ENVIRONMENT), ...options.env },
    logFile: options.logFile,
    pidFile: options.pidFile ?? `${options.logFile}.pid`,
    marker: options.main,
    onLine: options.onLine,
  });
  return {
    name: options.name,
    pid: child.pid,
    logFile: child.logFile,
    exited: child.exited,
    stop: () => child.stop('SIGTERM', STOP_TIMEOUT_MS),
    kill: (signal) => child.kill(signal),
  };
}

/** Runs `main migrate` (behind `args`) to its end; rejects with the log file's name when it fails or takes over a minute. */
export async function migrateService(options: ServiceOptions): Promise<void> {
  const pidFile = `${options.pidFile ?? options.logFile}.migrate`;
  const process = await startService({ ...options, pidFile, args: [...(options.args ?? []), 'migrate'] });
  const timer = setTimeout(() => void process.kill('SIGKILL'), MIGRATE_TIMEOUT_MS);
  const { code, signal } = await process.exited;
  clearTimeout(timer);
  if (code !== 0) {
    throw new Error(`${options.name}: migrate ended with ${code ?? signal ?? 'nothing'} (see ${options.logFile})`);
  }
}

/** True when GET <url>/health/ready answers 200 within 2 s. */
async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** Waits until the service at `url` is ready; `giveUp` may throw earlier, e.g. because it keeps ending. */
export async function waitUntilReady(
  name: string,
  url: string,
  options: { timeoutMs: number; see: string; giveUp?: () => void },
): Promise<void> {
  const probe = async (): Promise<true | undefined> => {
    options.giveUp?.();
    return (await isReady(url)) ? true : undefined;
  };
  await waitUntil(probe, { what: `${name} is ready`, timeoutMs: options.timeoutMs, everyMs: 50, see: options.see });
}
