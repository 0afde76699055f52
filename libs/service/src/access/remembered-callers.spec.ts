import { expect, test } from '@jest/globals';
import { RememberedCallers } from './remembered-callers.js';

const caller = (subject: string) => ({ subject, roles: [] });

test('When a token was remembered, then it is found until its end and not at it', () => {
  const callers = new RememberedCallers(2);
  callers.add('a', caller('rita'), 1_000);
  expect(callers.find('a', 999)).toEqual(caller('rita'));
  expect(callers.find('b', 999)).toBeUndefined();
  expect(callers.find('a', 1_000)).toBeUndefined();
  expect(callers.size).toBe(0);
});

test('When there are more than the limit, then the one that was not used for the longest time goes', () => {
  const callers = new RememberedCallers(2);
  for (const token of ['a', 'b']) callers.add(token, caller(token), 1_000);
  callers.find('a', 0);
  callers.add('c', caller('c'), 1_000);
  expect(['a', 'b', 'c'].filter((token) => callers.find(token, 0))).toEqual(['a', 'c']);
});
