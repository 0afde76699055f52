import { readFileSync } from 'node:fs';
import type { ServiceName } from '#local';
import { startTestSystem, type TestSystem } from '../support/test-system.js';
import { type MailSink, startMailSink } from './mail-sink.js';

/** The system as it would run for real: data is synced to disk, the broker is not slowed down, mails go to a sink. */
export async function withBenchSystem(
  work: (system: TestSystem, sink: MailSink) => Promise<void>,
  more: Partial<Record<ServiceName, Record<string, string>>> = {},
): Promise<void> {
  const sink = await startMailSink();
  const env = { ...more, 'notification-service': { ...more['notification-service'], SMTP_URL: sink.smtpUrl } };
  const system = await startTestSystem({ fsync: true, fast: false, env });
  try {
    await work(system, sink);
  } finally {
    await system.remove();
    await sink.stop();
  }
}

/** The value below which `share` (0 to 1) of the sorted values lie (nearest rank). */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Resident memory of a process in KiB; 0 when it is not there (or the system has no /proc). */
export function residentKib(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The most resident memory a process ever had, in KiB; 0 like {@link residentKib}. */
export function peakKib(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
