import { ContactExpunged, EmailAccepted, EmailRejected, EraseContactData } from '#contracts';
import { on } from '#messaging';
import { EraseContact } from './expunge/erase-contact.js';
import { RememberExpunged } from './expunge/remember-expunged.js';
import { TrackAccepted, TrackRejected } from './expunge/track-removal.js';

/**
 * Removals begin here: over HTTP (Delete Account, a recruiter, the link of a mail), or by a timer when a hold or the kill
 * switch that held one back ends, and for those soft-deleted before expunge was enabled. privacy-service then asks every
 * participant to delete, and this service is one of them: it answers with evidence, but only for what was asked for here.
 * When all have answered, ContactExpunged says that the person is gone everywhere, and the confirmation mail is accepted or
 * refused; both are noted, so that recruiters see how far a removal is after the contact itself is gone.
 */
export const subscriptions = [
  on(EraseContactData, EraseContact),
  on(ContactExpunged, RememberExpunged),
  on(EmailAccepted, TrackAccepted),
  on(EmailRejected, TrackRejected),
];
