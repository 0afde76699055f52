import { describe, expect, it } from '@jest/globals';
import { type Attempt, understandFailure } from './attempt.js';
import { judgeAttempt } from './judge-attempt.js';

const policy = { firstSeconds: 30, maxSeconds: 3_600 };
const judge = (attempt: Attempt, attempts = 0, expired = false) => judgeAttempt(attempt, { attempts, expired }, policy);
const putOff: Attempt = { kind: 'put-off', code: 'smtp-451' };

describe('judging an attempt', () => {
  it('When a mail is put off, then pauses double up to the longest, and it is told the first time only', () => {
    const pauses = [0, 1, 2, 6, 7, 500].map((attempts) => judge(putOff, attempts));
    expect(pauses.map((verdict) => 'inSeconds' in verdict && verdict.inSeconds)).toEqual([
      30, 60, 120, 1920, 3600, 3600,
    ]);
    expect(pauses.map((verdict) => 'tell' in verdict && verdict.tell)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('When a mail has waited too long, then the next trouble is final', () => {
    expect(judge(putOff, 3, true)).toEqual({ kind: 'rejected', code: 'expired' });
    expect(judge({ kind: 'unreachable', code: 'smtp-login' }, 0, true)).toEqual({ kind: 'rejected', code: 'expired' });
    expect(judge({ kind: 'accepted' }, 3, true)).toEqual({ kind: 'accepted' });
  });

  it('When the server is away, then the mail stays due and the try does not count', () => {
    expect(judge({ kind: 'unreachable', code: 'smtp-unreachable' })).toMatchObject({ inSeconds: 0, counts: false });
  });
});

describe('understanding failures', () => {
  const error = (fields: object) => Object.assign(new Error('<jo@example.com> is unknown'), fields);

  it.each([
    [{ code: 'EENVELOPE', responseCode: 550 }, 'refused', 'smtp-550'],
    [{ code: 'EMESSAGE', responseCode: 554 }, 'refused', 'smtp-554'],
    [{ code: 'EENVELOPE', responseCode: 451 }, 'put-off', 'smtp-451'],
    [{ code: 'EENVELOPE', responseCode: 503 }, 'put-off', 'smtp-503'],
    [{ code: 'EENVELOPE', responseCode: 530 }, 'unreachable', 'smtp-login'],
    [{ code: 'EENVELOPE' }, 'refused', 'unusable-address'],
    [{ code: 'EMESSAGE' }, 'refused', 'too-large'],
    [{ code: 'ECONNECTION', responseCode: 421, command: 'CONN' }, 'put-off', 'smtp-421'],
    [{ code: 'ECONNECTION', command: 'CONN' }, 'put-off', 'smtp-connection-lost'],
    [{ code: 'ECONNECTION' }, 'unreachable', 'smtp-unreachable'],
    [{ code: 'ESOCKET', originalCode: 'ECONNRESET' }, 'put-off', 'smtp-connection-lost'],
    [{ code: 'ESOCKET', originalCode: 'ECONNREFUSED' }, 'unreachable', 'smtp-unreachable'],
    [{ code: 'ETIMEDOUT', timeoutType: 'GREETING_TIMEOUT' }, 'unreachable', 'smtp-timeout'],
    [{ code: 'ETIMEDOUT', timeoutType: 'SOCKET_TIMEOUT' }, 'put-off', 'smtp-timeout'],
    [{ code: 'EABORT' }, 'put-off', 'smtp-timeout'],
    [{ code: 'EAUTH', responseCode: 535 }, 'unreachable', 'smtp-login'],
    [{ code: 'EPROTOCOL', responseCode: 554, command: 'CONN' }, 'unreachable', 'smtp-protocol'],
    [{}, 'put-off', 'not-sent'],
  ])('When the library says %j, then it is %s with %s', (fields, kind, code) => {
    expect(understandFailure(error(fields))).toEqual({ kind, code });
  });
});
