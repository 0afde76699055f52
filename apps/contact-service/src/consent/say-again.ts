import {
  type CameBack,
  type Data,
  message,
  type NotSentReason,
  OptInKnown,
  type Outgoing,
  type RequestOptIn,
  SendEmail,
} from '#contracts';
import { type Askable, decideAsk } from './ask.decision.js';
import type { KnownAsk } from './opt-in-ask.js';

/**
 * What is known of a mail that is asked for again, because its fate was not heard of: that fate; or, while there is none here
 * either, the same order to send it, which notification-service answers by what it knows. Undefined for one that was called
 * back. Pure.
 */
export function sayAgain(request: Data<RequestOptIn>, known: KnownAsk): Outgoing | undefined {
  const { tenantId, contactId, enrolmentId, emailId, template: purpose } = request;
  const cameBack: CameBack | undefined = known.rejected ? 'rejected' : (known.bounceKind ?? undefined);
  if (known.acceptedAt !== null || cameBack !== undefined) {
    const acceptedAt = known.acceptedAt === null ? undefined : new Date(known.acceptedAt).toISOString();
    return message(OptInKnown, { tenantId, contactId, enrolmentId, emailId, acceptedAt, cameBack });
  }
  if (known.sealed === null) return undefined;
  const { sealed, graceSeconds } = known;
  return message(SendEmail, { tenantId, contactId, emailId, purpose, sealed, graceSeconds, attachments: [] });
}

/** Why a mail was called back; one to an address that was left is not sent to another. */
export function notAskedAgain(contact: Askable): { readonly not: NotSentReason } {
  const decision = decideAsk(contact);
  return 'not' in decision ? decision : { not: 'undeliverable' };
}
