import { SERVICE_NAMES, waitUntil } from '#local';
import type { TestSystem } from '../support/test-system.js';
import type { MailSink } from './mail-sink.js';
import { type Contestant, Programs } from './programs.js';
import type { Topics } from './topic-sizes.js';
import { countUsage, sum, type Usage } from './usage.js';

/** Looking costs the broker something. */
const LOOK_MS = 100;
const LOOK_FIRST_MS = 20;
const HOUR_MS = 3_600_000;

/** What a round was made on. */
export interface Stage {
  readonly system: TestSystem;
  readonly sink: MailSink;
  readonly topics: Topics;
}

export interface Round extends Usage {
  readonly contestant: string;
  readonly mail: boolean;
  readonly expunges: number;
  readonly perSecond: number;
  /** When it began: microseconds of the clock that all processes read. */
  readonly begunAt: number;
  /** Milliseconds of processor time for one expunge, of everybody together. */
  readonly cpuMs: number;
}

/**
 * The requests wait in their topic and nobody is at work. Starts the contestant, its privacy process last, and measures from
 * the first contact that is asked for until all are expunged and confirmed: so neither starting nor the clicks are counted.
 * The processor time is taken when everybody has read everything.
 */
export async function runRound(stage: Stage, contestant: Contestant, expunges: number, mail: boolean): Promise<Round> {
  const { system, sink, topics } = stage;
  const programs = new Programs(contestant, system.logDir);
  const { asked, expunged, accepted } = contestant.topics;
  const [before, mails] = [await sizes(), sink.accepted];
  try {
    await programs.start(SERVICE_NAMES.slice(0, 3), mail);
    const starting = programs.start(['privacy-service'], mail);
    await until(
      'the first contact is asked for',
      async () => (await topics.written(asked)) > before.asked,
      LOOK_FIRST_MS,
    );
    const used = countUsage({ ...programs.processes(), ...surroundings(stage) });
    const begun = performance.now();
    const begunAt = Number(process.hrtime.bigint() / 1_000n);
    await starting;
    await until('all are expunged and confirmed', async () => {
      if (mail && sink.accepted < mails + expunges) return false;
      const now = await sizes();
      return now.expunged >= before.expunged + expunges && now.accepted >= before.accepted + expunges;
    });
    const seconds = (performance.now() - begun) / 1_000;
    await until('everybody has read everything', async () => (await behind()) === 0);
    const usage = used();
    const cpuMs = (sum(usage.cpu) * 1_000) / expunges;
    const perSecond = expunges / seconds;
    return { contestant: contestant.name, mail, expunges, perSecond, begunAt, cpuMs, ...usage };
  } finally {
    await programs.stop();
  }

  async function sizes(): Promise<Record<'asked' | 'expunged' | 'accepted', number>> {
    const [first, second, third] = await Promise.all([asked, expunged, accepted].map((name) => topics.written(name)));
    return { asked: first!, expunged: second!, accepted: third! };
  }

  function behind(): Promise<number> {
    return topics.lag(contestant.groups, contestant.reads);
  }

  function until(what: string, done: () => Promise<boolean>, everyMs = LOOK_MS): Promise<true> {
    const look = async (): Promise<true | undefined> => {
      if (programs.failed !== undefined) throw new Error(programs.failed);
      return (await done()) || undefined;
    };
    return waitUntil(look, { what, timeoutMs: HOUR_MS, everyMs, see: system.logDir });
  }
}

function surroundings({ system: { postgres, kafka }, sink }: Stage): Record<string, number | undefined> {
  return { PostgreSQL: postgres?.pid, Kafka: kafka?.pid, 'mail sink': sink.pid };
}
