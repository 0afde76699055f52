import { expect, test } from '@jest/globals';
import { idBytes } from './random-bytes.js';

test('When many ids are made, then none comes twice, also where the pool begins anew', () => {
  const ids = Array.from({ length: 20_000 }, (_, n) => idBytes(n % 2 === 0 ? 16 : 24).toString('hex'));
  expect(new Set(ids.map((id) => id.slice(0, 32))).size).toBe(ids.length);
  expect(new Set(ids.map((id) => id.length))).toEqual(new Set([32, 48]));
});
