import { randomFillSync } from 'node:crypto';

const POOL = Buffer.allocUnsafe(8_192);
let used = POOL.length;

/**
 * Random bytes for ids, at most a few dozen, from a pool: asking the system for each id costs more than all else that makes
 * one. They stay valid until the next call only, and must not be used for secrets.
 */
export function idBytes(count: number): Buffer {
  if (used + count > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += count;
  return POOL.subarray(used - count, used);
}
