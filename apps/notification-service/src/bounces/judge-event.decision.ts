import { bounceOf, type Judged } from './judge-report.decision.js';

/** What a mail provider says of a mail. A bounce without a status is soft: only what is surely final is. */
export function judgeEvent({ type, status }: { readonly type: string; readonly status?: string }): Judged {
  switch (type.toLowerCase()) {
    case 'bounced':
      return status === undefined ? { kind: 'soft', code: 'provider' } : bounceOf(status);
    case 'complained':
      return { kind: 'complaint', code: 'complaint' };
    default:
      return { ignored: 'another-event' };
  }
}
