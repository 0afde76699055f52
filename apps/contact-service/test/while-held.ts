import type { QueryRunner } from 'typeorm';
import type { TestService } from '../../../test/support/test-service.js';

export interface Held {
  readonly sql: string;
  readonly values: unknown[];
  /** How many connections must wait for a lock before it is let go; 1 unless said. */
  readonly waiting?: number;
}

const PATIENCE_MS = 5_000;

/** Runs `work` while a connection of our own holds what `held` locks, until others wait for it; then lets go. */
export async function whileHeld<T>(
  service: TestService,
  { sql, values, waiting = 1 }: Held,
  work: () => Promise<T>,
  beforeRelease?: (tx: QueryRunner) => Promise<unknown>,
): Promise<T> {
  const holder = service.db.createQueryRunner();
  await holder.startTransaction();
  await holder.query(sql, values);
  const result = work();
  const deadline = performance.now() + PATIENCE_MS;
  while ((await waitingForLocks(service)) < waiting) {
    if (performance.now() > deadline) throw new Error(`not ${waiting} wait at the lock within ${PATIENCE_MS} ms`);
  }
  await beforeRelease?.(holder);
  await holder.commitTransaction();
  await holder.release();
  return result;
}

async function waitingForLocks({ db }: TestService): Promise<number> {
  const [row]: { waiting: number }[] = await db.query(
    `SELECT count(*)::int AS waiting FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return row?.waiting ?? 0;
}
