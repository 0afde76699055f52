import type { EmailAccepted, EmailRejected } from '#contracts';
import { type Received } from '#messaging';
import { refuseForeignSender } from './acknowledgement.js';

const MAIL_SERVICE = 'notification-service';

/** The outcomes of our own confirmations; other mails are of no interest here. */
export function confirmationsIn<M extends EmailAccepted | EmailRejected>(messages: readonly Received<M>[]) {
  return messages.flatMap(({ source, data }) => {
    const { expungeId, tenantId, contactId, purpose } = data;
    if (purpose !== 'expunge-confirmation' || expungeId === undefined) return [];
    refuseForeignSender(source, MAIL_SERVICE);
    return [{ ids: { expungeId, tenantId, contactId }, data }];
  });
}
