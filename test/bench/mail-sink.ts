import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A receiving mail server that accepts everything, keeps nothing but the first mail, and tells when it accepted one. */
export interface MailSink {
  readonly pid: number;
  readonly smtpUrl: string;
  /** As of some milliseconds ago. */
  readonly accepted: number;
  /** Source of the first mail. */
  readonly first: string | undefined;
  /** Resolves to the time (performance.now()) at which a mail for this address was accepted. */
  acceptedFor(address: string): Promise<number>;
  stop(): Promise<void>;
}

interface Told {
  readonly port?: number;
  readonly accepted?: number;
  readonly first?: string;
  readonly address?: string;
  readonly at?: string;
}

export async function startMailSink(): Promise<MailSink> {
  const child = fork(fileURLToPath(new URL('mail-sink-process.js', import.meta.url)));
  const waiting = new Map<string, (at: number) => void>();
  const state: { accepted: number; first?: string } = { accepted: 0 };
  const [{ port }] = (await once(child, 'message')) as [Told];
  child.on('message', ({ accepted, first, address, at }: Told) => {
    if (accepted !== undefined) state.accepted = accepted;
    if (first !== undefined) state.first = first;
    if (address !== undefined) waiting.get(address)?.(hereAt(at!));
  });
  return {
    pid: child.pid!,
    smtpUrl: `smtp://127.0.0.1:${port}`,
    get accepted() {
      return state.accepted;
    },
    get first() {
      return state.first;
    },
    acceptedFor: (address) => {
      child.send({ awaits: address });
      return new Promise((resolve) => waiting.set(address, resolve));
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** All processes of a machine read the same monotonic clock; performance.now() counts from another zero in each. */
function hereAt(nanoseconds: string): number {
  return performance.now() - Number(process.hrtime.bigint() - BigInt(nanoseconds)) / 1e6;
}
