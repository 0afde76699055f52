import { expect, test } from '@jest/globals';
import { commit } from '#service';
import { addressKey } from './address-key.js';

test.each([
  ['a@müller.de', 'a@xn--mller-kva.de'],
  [' A@MÜLLER.de ', 'a@xn--mller-kva.de'],
  ['a@mu\u0308ller.de', 'a@xn--mller-kva.de'],
  ['a@XN--MLLER-KVA.de', 'a@xn--mller-kva.de'],
  ['a@straße.example', 'a@xn--strae-oqa.example'],
  ['zoë@пример.рф', 'zoë@xn--e1afmkfd.xn--p1ai'],
  ['Zoe.Reed+jobs@Example.org', 'zoe.reed+jobs@example.org'],
])('When the domain of %s is known to DNS by one name only, then it is %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
  expect(addressKey(key)).toBe(key);
});

test.each(['a@xn--ü.de', 'a@ü ü.de', 'ü', '@', '', 'a@1.2', 'a@[127.0.0.1]'])(
  'When DNS cannot know the domain of "%s", or it is none, then it stays as it is',
  (address) => {
    expect(addressKey(address)).toBe(address);
  },
);

test('When a certificate commits to an address, then still to what the person types', () => {
  expect(commit('c2FsdA', 'a@müller.de')).not.toBe(commit('c2FsdA', 'a@xn--mller-kva.de'));
});
