import { at, type Finding, type Patient } from './finding.js';

/** The services' own transactions are ended after a minute. */
const OLD_SECONDS = 60;

interface Session {
  readonly pid: number;
  readonly role: string | null;
  readonly application: string | null;
  readonly state: string | null;
  /** Hidden from us when it is another role's: then only who is kept waiting by it tells how long. */
  readonly since: Date | null;
  /** Sessions that wait for a lock it holds. */
  readonly blocks: number;
}

/** No transaction in this database is old, and none keeps others waiting for a lock. */
export async function checkTransactions({ db }: Patient): Promise<Finding[]> {
  const sessions: Session[] = await db.query(
    `WITH waiting AS (
       SELECT blocker, count(*)::int AS blocks, min(waits.waitstart) AS since
       FROM (SELECT pid, min(waitstart) AS waitstart FROM pg_locks WHERE NOT granted GROUP BY pid) AS waits,
         unnest(pg_blocking_pids(waits.pid)) AS blocker
       WHERE waits.waitstart < clock_timestamp() - interval '5 seconds'
       GROUP BY blocker
     )
     SELECT a.pid, a.usename AS role, a.application_name AS application, a.state,
       coalesce(a.xact_start, waiting.since) AS since, coalesce(waiting.blocks, 0) AS blocks
     FROM pg_stat_activity a LEFT JOIN waiting ON waiting.blocker = a.pid
     WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
       AND (a.xact_start < clock_timestamp() - $1 * interval '1 second' OR waiting.blocks > 0)
     ORDER BY since`,
    [OLD_SECONDS],
  );
  return judgeTransactions(sessions);
}

/** What it does is not said: the text of a query may hold an address. */
export function judgeTransactions(sessions: readonly Session[]): Finding[] {
  return sessions.map(({ pid, role, application, state, since, blocks }) => {
    const who = `pid ${pid} (role ${role ?? 'unknown'}, ${application || 'without a name'}, ${state ?? 'state hidden'})`;
    const age = since ? ` since ${at(since)}` : '';
    const others = blocks > 0 ? `, and ${blocks} wait for it` : '';
    return {
      check: 'transactions',
      culprit: `an old transaction of ${who} is open${age}${others}`,
      todo: `find out who that is, then as superuser: SELECT pg_terminate_backend(${pid})`,
    };
  });
}
