/** What came of one attempt to hand a mail over. Codes are ours, never the server's text: that quotes addresses. */
export type Attempt =
  | { readonly kind: 'accepted' }
  /** Final. */
  | { readonly kind: 'refused'; readonly code: string }
  /** This mail not now; others may go on. */
  | { readonly kind: 'put-off'; readonly code: string }
  /** The mail server, not the mail, is the trouble. */
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'not-tried' };

/** What the mail library tells about a failure and we use. */
export interface NodemailerError extends NodeJS.ErrnoException {
  readonly responseCode?: number;
  readonly command?: string;
  readonly originalCode?: string;
  readonly timeoutType?: string;
}

/** 530, 535 and 538 say that we are not logged in (RFC 4954): our configuration, never the fault of a mail. */
const LOGIN_NEEDED = new Set([530, 535, 538]);
/** A connection lost in the middle of a mail; whether the server took it is unknown, the repeat is the same mail. */
const LOST = new Set(['ECONNRESET', 'EPIPE']);

/** Understands the error of a failed hand-over. 5xx replies to the mail itself are final (RFC 5321, 4.2.1). */
export function understandFailure(error: NodemailerError): Attempt {
  const { code, responseCode } = error;
  if (code === 'EENVELOPE' || code === 'EMESSAGE') return answered(code, responseCode);
  if (responseCode === 421) return { kind: 'put-off', code: 'smtp-421' };
  if (code === 'EABORT' || error.timeoutType === 'SOCKET_TIMEOUT') return { kind: 'put-off', code: 'smtp-timeout' };
  if (isLostMidway(error)) return { kind: 'put-off', code: 'smtp-connection-lost' };
  return unreachable(code ?? '');
}

function answered(code: 'EENVELOPE' | 'EMESSAGE', reply: number | undefined): Attempt {
  // Refused by the library itself: nothing that can be written to, or larger than the server said it takes.
  if (!reply) return { kind: 'refused', code: code === 'EENVELOPE' ? 'unusable-address' : 'too-large' };
  if (LOGIN_NEEDED.has(reply)) return { kind: 'unreachable', code: 'smtp-login' };
  // 503 says that the session was out of step; the same mail goes through on a new connection.
  const permanent = reply >= 500 && reply < 600 && reply !== 503;
  return { kind: permanent ? 'refused' : 'put-off', code: `smtp-${reply}` };
}

function isLostMidway({ code, command, originalCode }: NodemailerError): boolean {
  if (code === 'ECONNECTION') return command === 'CONN';
  return code === 'ESOCKET' && LOST.has(originalCode ?? '');
}

function unreachable(code: string): Attempt {
  switch (code) {
    case 'EDNS':
    case 'ESOCKET':
    case 'ECONNECTION':
      return { kind: 'unreachable', code: 'smtp-unreachable' };
    case 'ETIMEDOUT':
      return { kind: 'unreachable', code: 'smtp-timeout' };
    case 'EAUTH':
    case 'ENOAUTH':
      return { kind: 'unreachable', code: 'smtp-login' };
    case 'ETLS':
      return { kind: 'unreachable', code: 'smtp-tls' };
    case 'EPROTOCOL':
      return { kind: 'unreachable', code: 'smtp-protocol' };
    default:
      // A fault of ours in preparing the mail: it must not stop the others, nor be given up before it is repaired.
      return { kind: 'put-off', code: 'not-sent' };
  }
}
