import {
  ContactExpunged,
  EmailAccepted,
  EmailBounced,
  EmailRejected,
  EraseContactData,
  ExpungeContact,
  RequestOptIn,
} from '#contracts';
import { on } from '#messaging';
import { AskToOptIn } from './consent/ask-to-opt-in.js';
import { ExpungeSilent } from './consent/expunge-silent.js';
import { EraseContact } from './expunge/erase-contact.js';
import { RememberExpunged } from './expunge/remember-expunged.js';
import { TrackAccepted, TrackBounced, TrackRejected } from './mails/track-mails.js';

/**
 * Removals begin here: over HTTP (Delete Account, a recruiter, the link of a mail), or by a timer when a hold or the kill
 * switch that held one back ends, and for those soft-deleted before expunge was enabled. privacy-service then asks every
 * participant to delete, and this service is one of them: it answers with evidence, but only for what was asked for here.
 * When all have answered, ContactExpunged says that the person is gone everywhere, and the confirmation mail is accepted or
 * refused; both are noted, so that recruiters see how far a removal is after the contact itself is gone.
 *
 * The other way in is silence: workflow-service has contacts asked to opt in, and what becomes of those mails is noted here.
 * When the grace period is over it sends ExpungeContact. Whether the contact may go is judged here alone, by what was noted:
 * it is removed, or ExpungeDeclined says why it stays.
 */
export const subscriptions = [
  on(EraseContactData, EraseContact),
  on(ContactExpunged, RememberExpunged),
  on(RequestOptIn, AskToOptIn),
  on(ExpungeContact, ExpungeSilent),
  on(EmailAccepted, TrackAccepted),
  on(EmailRejected, TrackRejected),
  on(EmailBounced, TrackBounced),
];
