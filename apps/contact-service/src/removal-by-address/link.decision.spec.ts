import { describe, expect, test } from '@jest/globals';
import type { ExpungeDecision } from '../expunge/expunge.decision.js';
import { decideLink } from './link.decision.js';

const fresh = { used: false, expired: false, sameAddress: true };
const POSSIBLE: ExpungeDecision[] = ['expunge', 'wait', 'disable'];
const DONE: ExpungeDecision[] = ['already-expunging', 'already-waiting', 'already-disabled'];

describe('what a link may do', () => {
  test.each(POSSIBLE)('When it is fresh and the contact would %s, then it acts; used, it never does', (decision) => {
    expect(decideLink(fresh, decision)).toBe('act');
    expect(decideLink({ ...fresh, used: true }, decision)).toBe('void');
  });

  test.each(DONE)('When the contact is %s, then a link shows that, used or not', (decision) => {
    expect(decideLink(fresh, decision)).toBe('show');
    expect(decideLink({ ...fresh, used: true }, decision)).toBe('show');
  });

  test.each([...POSSIBLE, ...DONE])(
    'When it has expired or the address is another, %s is neither done nor shown',
    (decision) => {
      for (const used of [false, true]) {
        expect(decideLink({ ...fresh, used, expired: true }, decision)).toBe('expired');
        expect(decideLink({ ...fresh, used, sameAddress: false }, decision)).toBe('void');
      }
    },
  );
});
