import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './bench-system.js';
import type { Click } from './clicks.js';
import type { MailSink } from './mail-sink.js';
import type { Account } from './seed.js';

/** Milliseconds from the click to the accepted mail. */
export interface Latency {
  readonly removals: number;
  /** Clicks a second; 0 when each waits for the mail of the one before. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** One person after another, the first `warmUp` of them not counted. */
export async function whenIdle(
  sink: MailSink,
  click: Click,
  accounts: readonly Account[],
  warmUp: number,
): Promise<Latency> {
  const took: number[] = [];
  for (const account of accounts) took.push(await clickToMail(sink, click, account));
  return summary(took.slice(warmUp), 0);
}

/** Clicks come when they come, on average so many a second, whether those before are done or not. */
export async function underLoad(
  sink: MailSink,
  click: Click,
  accounts: Iterable<Account>,
  perSecond: number,
): Promise<Latency> {
  const under: Promise<number>[] = [];
  let next = performance.now();
  for (const account of accounts) {
    // A Poisson process: pauses between independent clicks.
    next += (-Math.log(1 - Math.random()) * 1_000) / perSecond;
    await sleep(Math.max(0, next - performance.now()));
    under.push(clickToMail(sink, click, account));
  }
  return summary(await Promise.all(under), perSecond);
}

async function clickToMail(sink: MailSink, click: Click, account: Account): Promise<number> {
  const accepted = sink.acceptedFor(account.email);
  const press = click(account);
  const pressed = performance.now();
  await press();
  return (await accepted) - pressed;
}

function summary(took: readonly number[], perSecond: number): Latency {
  const [p50, p90, p99, max] = [0.5, 0.9, 0.99, 1].map((share) => Math.round(percentile(took, share) * 10) / 10);
  return { removals: took.length, perSecond: Math.round(perSecond), p50: p50!, p90: p90!, p99: p99!, max: max! };
}
