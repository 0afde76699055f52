import { at, type Finding, type Patient } from './finding.js';

/** Clocks that differ by less do no harm: all that is decided by time is decided by the database's. */
const TOLERATED_MS = 5_000;

/** The clock of the database and the one here agree. A broker tells nobody its time. */
export async function checkClock({ db }: Patient): Promise<Finding[]> {
  const asked = Date.now();
  const [row]: { now: Date }[] = await db.query('SELECT clock_timestamp() AS now');
  return judgeClock({ asked, answered: Date.now(), database: row!.now });
}

interface Clocks {
  readonly asked: number;
  readonly answered: number;
  readonly database: Date;
}

/** The answer was made between question and answer, so the time it took is no skew. */
export function judgeClock({ asked, answered, database }: Clocks): Finding[] {
  const ahead = database.getTime() - answered;
  const behind = asked - database.getTime();
  const skew = Math.max(ahead, behind);
  if (skew <= TOLERATED_MS) return [];
  const way = ahead > behind ? 'ahead of' : 'behind';
  return [
    {
      check: 'clock',
      culprit: `the database's clock (${at(database)}) is ${Math.round(skew / 1000)} s ${way} the one here`,
      todo: 'see to the time service (NTP) of both machines',
    },
  ];
}
