import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { waitUntil } from './wait-until.js';

const run = promisify(execFile);

/** A process as the system knows it: when it started tells two users of one process id apart. */
export interface ProcessIdentity {
  startedAt: string;
  command: string;
}

interface PidRecord extends ProcessIdentity {
  pid: number;
  /** Text that the command line must contain, so that a foreign process is never taken for ours. */
  marker: string;
  /** Who started it: while that process lives, this one is no orphan. */
  launcher: { pid: number; startedAt: string };
}

/** What was to be started is already running for a launcher that is alive. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

/** What runs under this process id now, or undefined when nothing does (a zombie counts as nothing). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  return existsSync('/proc/self/stat') ? identifyByProc(pid) : identifyByPs(pid);
}

function identifyByProc(pid: number): ProcessIdentity | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return { startedAt: fields[19] ?? '', command };
  } catch {
    return undefined;
  }
}

async function identifyByPs(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const { stdout } = await run('ps', ['-ww', '-p', String(pid), '-o', 'state=,lstart=,command=']);
    const match = /^(\S+)\s+(\S+\s+\S+\s+\d+\s+\S+\s+\d+)\s+(.*)$/s.exec(stdout.trim());
    if (match === null || match[1]?.startsWith('Z') === true) return undefined;
    return { startedAt: match[2] ?? '', command: match[3] ?? '' };
  } catch {
    return undefined;
  }
}

/** Remembers a process that was just started, so that `stopOrphan` can find it after this process was killed. */
export async function rememberProcess(file: string, pid: number, marker: string): Promise<void> {
  const identity = await identify(pid);
  if (identity === undefined) return;
  const launcher = { pid: process.pid, startedAt: (await identify(process.pid))?.startedAt ?? '' };
  writeFileSync(file, JSON.stringify({ pid, marker, launcher, ...identity } satisfies PidRecord), { mode: 0o600 });
}

/** Forgets a process that ended as it should. */
export function forgetProcess(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Ends the process that a launcher which is gone left behind: `signal` first, SIGKILL after `graceMs`.
 * A process that merely got the same id is left alone. Removes the file; true when something was ended.
 * Throws AlreadyRunning when the launcher still lives.
 */
export async function stopOrphan(file: string, signal: NodeJS.Signals, graceMs: number): Promise<boolean> {
  const record = readRecord(file);
  const running = record !== undefined && (await isSame(record.pid, record.startedAt, record.marker));
  if (running) {
    const { launcher } = record;
    if (await isSame(launcher.pid, launcher.startedAt, '')) {
      throw new AlreadyRunning(`process ${launcher.pid} already runs ${record.marker} (process ${record.pid})`);
    }
    await endProcess(record.pid, signal, graceMs);
  }
  forgetProcess(file);
  return running;
}

/** Takes a lock that lasts as long as this process; throws AlreadyRunning with `message(pid)` when another one has it. */
export async function holdLock(file: string, message: (pid: number) => string): Promise<void> {
  const record = readRecord(file);
  if (record !== undefined && (await isSame(record.pid, record.startedAt, ''))) {
    throw new AlreadyRunning(message(record.pid));
  }
  await rememberProcess(file, process.pid, process.execPath);
}

async function isSame(pid: number, startedAt: string, marker: string): Promise<boolean> {
  const now = await identify(pid);
  return now?.startedAt === startedAt && now.command.includes(marker);
}

/** Sends `signal`, waits until the process is gone, sends SIGKILL after `graceMs`. */
export async function endProcess(pid: number, signal: NodeJS.Signals, graceMs: number): Promise<void> {
  const gone = async (): Promise<true | undefined> => ((await identify(pid)) === undefined ? true : undefined);
  sendSignal(pid, signal);
  try {
    await waitUntil(gone, { what: `process ${pid} ends`, timeoutMs: graceMs });
  } catch {
    sendSignal(pid, 'SIGKILL');
    await waitUntil(gone, { what: `process ${pid} ends after SIGKILL`, timeoutMs: 10_000 });
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readRecord(file: string): PidRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<PidRecord>;
    const complete = typeof record.pid === 'number' && record.pid > 1 && record.launcher !== undefined;
    return complete && typeof record.marker === 'string' && record.marker !== '' ? (record as PidRecord) : undefined;
  } catch {
    return undefined;
  }
}
