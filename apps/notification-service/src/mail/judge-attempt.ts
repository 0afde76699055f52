import type { Attempt } from './attempt.js';

/** What follows from an attempt for the stored mail. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly code: string }
  | {
      readonly kind: 'again';
      readonly inSeconds: number;
      /** Whether this was a try that counts for the next pause. */
      readonly counts: boolean;
      /** Absent when the mail was not tried: the last reason stays. */
      readonly code?: string;
      /** Others are told once, at the first time, that the mail is put off. */
      readonly tell: boolean;
    };

export interface MailSoFar {
  /** Attempts before this one that put the mail off. */
  readonly attempts: number;
  /** Waiting longer than a mail is tried. */
  readonly expired: boolean;
}

export interface RetryPolicy {
  readonly firstSeconds: number;
  readonly maxSeconds: number;
}

const FURTHEST_DOUBLING = 30;

/**
 * Pauses double from the first to the longest one, for days; then the mail is refused as `expired`. A mail server that
 * cannot be reached is not the mail's fault: the mail stays due, and the circuit decides when the server is asked again.
 */
export function judgeAttempt(attempt: Attempt, mail: MailSoFar, policy: RetryPolicy): Verdict {
  switch (attempt.kind) {
    case 'accepted':
      return { kind: 'accepted' };
    case 'refused':
      return { kind: 'rejected', code: attempt.code };
    case 'not-tried':
      return { kind: 'again', inSeconds: 0, counts: false, tell: false };
    case 'unreachable':
      if (mail.expired) return { kind: 'rejected', code: 'expired' };
      return { kind: 'again', inSeconds: 0, counts: false, code: attempt.code, tell: false };
    case 'put-off': {
      if (mail.expired) return { kind: 'rejected', code: 'expired' };
      const inSeconds = Math.min(
        policy.firstSeconds * 2 ** Math.min(mail.attempts, FURTHEST_DOUBLING),
        policy.maxSeconds,
      );
      return { kind: 'again', inSeconds, counts: true, code: attempt.code, tell: mail.attempts === 0 };
    }
  }
}
