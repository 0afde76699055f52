import { RELAY_LOCK } from '#messaging';
import { at, type Finding, type Patient } from './finding.js';

/** An outbox that is published holds nothing for longer than a moment. */
const LATE_MS = 30_000;

interface RelayState {
  readonly now: Date;
  readonly waiting: number;
  readonly oldest: Date | null;
  readonly holder: { readonly pid: number; readonly application: string | null; readonly since: Date | null } | null;
}

/** What was committed is published. When it is not, says who holds the lease of the relay. */
export async function checkRelay({ db }: Patient): Promise<Finding[]> {
  const [row]: RelayState[] = await db.query(
    `SELECT clock_timestamp() AS now,
       (SELECT count(*)::int FROM outbox) AS waiting,
       (SELECT (headers ->> 'ce_time')::timestamptz FROM outbox ORDER BY seq LIMIT 1) AS oldest,
       (SELECT json_build_object('pid', l.pid, 'application', a.application_name, 'since', a.backend_start)
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
        WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1 AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1) AS holder`,
    [RELAY_LOCK],
  );
  return judgeRelay(row!);
}

export function judgeRelay({ now, waiting, oldest, holder }: RelayState): Finding[] {
  if (oldest === null || now.getTime() - oldest.getTime() <= LATE_MS) return [];
  const late = `${waiting} messages wait in the outbox, the oldest since ${at(oldest)}`;
  if (holder === null) {
    return [
      {
        check: 'relay',
        culprit: `${late}, and nobody holds the lease`,
        todo: 'start the service; no instance is running',
      },
    ];
  }
  const since = holder.since ? ` since ${at(new Date(holder.since))}` : '';
  return [
    {
      check: 'relay',
      culprit: `${late}; the lease is held by pid ${holder.pid} (${holder.application || 'without a name'})${since}`,
      todo: `see /health/ready of that instance and the broker; if it hangs: SELECT pg_terminate_backend(${holder.pid})`,
    },
  ];
}
