import type { DataSource, QueryRunner } from 'typeorm';

/** Counts the SQL statements a piece of work sends, savepoints and transaction control left out. */
export async function countStatements(db: DataSource, work: () => Promise<unknown>): Promise<number> {
  let statements = 0;
  const createQueryRunner = db.createQueryRunner.bind(db);
  db.createQueryRunner = (mode) => {
    const runner: QueryRunner = createQueryRunner(mode);
    const query = runner.query.bind(runner) as (...args: unknown[]) => Promise<unknown>;
    runner.query = ((...args: unknown[]) => {
      if (!/^(START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET)/.test(String(args[0]))) statements += 1;
      return query(...args);
    }) as QueryRunner['query'];
    return runner;
  };
  try {
    await work();
  } finally {
    db.createQueryRunner = createQueryRunner;
  }
  return statements;
}
