import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { killAtExit } from './exit-guard.js';
import { forgetProcess, rememberProcess, stopOrphan } from './orphans.js';
import { settledWithin } from './wait-until.js';

const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

export interface ChildOptions {
  command: string;
  args: string[];
  env: Record<string, string>;
  /** stdout and stderr are appended here; readable by the owner only. */
  logFile: string;
  /** Where the process is remembered, so that the next start finds it if this launcher is killed. */
  pidFile: string;
  /** Text of its command line that proves a process is this one. */
  marker: string;
  /** What asks this program to end; SIGTERM unless told. */
  stopSignal?: NodeJS.Signals;
  cwd?: string;
  uid?: number;
  gid?: number;
  onLine?: (line: string) => void;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running program of ours. */
export interface Child {
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the process ended; never rejects. */
  readonly exited: Promise<Exit>;
  readonly running: boolean;
  /** Sends one signal and returns when the process is gone; at once for SIGSTOP and SIGCONT. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Sends `signal`, waits `graceMs`, then SIGKILL; returns when the process is gone. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<void>;
}

/**
 * Starts a program in a process group of its own, so that Ctrl-C in a terminal reaches only the
 * launcher, which then stops everything in order. Ends one that an earlier launcher left behind first.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  await stopOrphan(options.pidFile, options.stopSignal ?? 'SIGTERM', 10_000);
  mkdirSync(dirname(options.pidFile), { recursive: true });
  const child = spawnWithLog(options);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const pid = await spawned(child, options.command);
  const release = killAtExit(pid);
  const state = { running: true };
  void exited.then(() => {
    state.running = false;
    release();
    forgetProcess(options.pidFile);
  });
  await rememberProcess(options.pidFile, pid, options.marker);
  if (!state.running) forgetProcess(options.pidFile);
  return childOf(child, pid, exited, state, options.logFile);
}

function childOf(
  child: ChildProcess,
  pid: number,
  exited: Promise<Exit>,
  state: { running: boolean },
  logFile: string,
): Child {
  return {
    pid,
    logFile,
    exited,
    get running() {
      return state.running;
    },
    async kill(signal) {
      child.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited;
    },
    async stop(signal, graceMs) {
      child.kill(signal);
      if (await settledWithin(exited, graceMs)) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function spawnWithLog(options: ChildOptions): ChildProcess {
  const log = openLog(options.logFile);
  const piped = options.onLine !== undefined;
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env,
    uid: options.uid,
    gid: options.gid,
    detached: true,
    stdio: piped ? ['ignore', 'pipe', 'pipe'] : ['ignore', log, log],
  });
  if (piped) {
    followLines(child, log, options.onLine);
  } else {
    closeSync(log);
  }
  return child;
}

function followLines(child: ChildProcess, log: number, onLine?: (line: string) => void): void {
  const file = createWriteStream('', { fd: log });
  child.once('close', () => file.end());
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    stream.pipe(file, { end: false });
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => onLine?.(line));
  }
}

function spawned(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${command} did not start: ${error.message}`)));
    child.once('spawn', () => resolve(child.pid ?? -1));
  });
}

/** Opens a log file for appending, mode 600; one that grew beyond 20 MB is set aside as `<name>.1` first. */
function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}
