import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, QueryRunner } from 'typeorm';

const counting = new AsyncLocalStorage<{ statements: number }>();
const CONTROL = /^(START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)/;

/** Counts the SQL statements that `work` sends itself; transaction control and what runs beside it are left out. */
export async function countStatements(db: DataSource, work: () => Promise<unknown>): Promise<number> {
  const count = { statements: 0 };
  const createQueryRunner = db.createQueryRunner.bind(db);
  db.createQueryRunner = (mode) => {
    const runner: QueryRunner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
    runner.query = ((...args: unknown[]) => {
      const mine = counting.getStore();
      if (mine && !CONTROL.test(String(args[0]))) mine.statements += 1;
      return query(...args);
    }) as QueryRunner['query'];
    return runner;
  };
  try {
    await counting.run(count, work);
  } finally {
    db.createQueryRunner = createQueryRunner;
  }
  return count.statements;
}
