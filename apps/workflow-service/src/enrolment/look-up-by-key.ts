import type { EntityManager } from 'typeorm';

/**
 * From here to its end this transaction finds rows by their keys, and timers in the order of their index. PostgreSQL cannot
 * estimate the condition of row-level security, takes it for one that drops nearly everything, and would rather read whole
 * tables, thousands of times slower, while a thousand of a million rows are wanted.
 */
export async function lookUpByKey(tx: EntityManager): Promise<void> {
  await tx.query(`
    SELECT set_config(name, 'off', true) FROM unnest(ARRAY[
      'enable_seqscan', 'enable_bitmapscan', 'enable_hashjoin', 'enable_mergejoin', 'enable_sort', 'jit']) AS name`);
}
