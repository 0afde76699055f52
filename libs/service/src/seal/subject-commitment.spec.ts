import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { commit, newSalt, normaliseAddress } from './subject-commitment.js';

test.each([
  ['  Rosa.Luna@Example.ORG \n', 'rosa.luna@example.org'],
  ['rosa@mu\u0308nchen.example', 'rosa@münchen.example'],
  ['ISTANBUL@example.org', 'istanbul@example.org'],
  ['a.b+c@example.org', 'a.b+c@example.org'],
])('When %j is normalised, then it is %j', (address, normal) => {
  expect(normaliseAddress(address)).toBe(normal);
});

test('When an address is committed to, then anyone with salt and address can recompute it', () => {
  const salt = newSalt();
  expect(Buffer.from(salt, 'base64url')).toHaveLength(16);
  const expected = createHash('sha256')
    .update(Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from('rosa@example.org', 'utf8')]))
    .digest('base64url');
  expect(commit(salt, ' Rosa@Example.org')).toBe(expected);
});

test('When the same address is committed to twice, then nothing shows it', () => {
  expect(commit(newSalt(), 'rosa@example.org')).not.toBe(commit(newSalt(), 'rosa@example.org'));
});
