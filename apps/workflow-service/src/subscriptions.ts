/**
 * A contact is added, by a recruiter or by an import: where the client has an active workflow for that, it is enrolled and a
 * timer stands for the first step. contact-service is asked for a mail; what became of the mail starts the waits, has it
 * sent again, or ends them, and so does what the contact or the client decides. When the last wait is over contact-service
 * is asked to remove the contact, and may put it off. When the contact is to be removed all of it goes, with evidence, and
 * the tombstone stays: a late ContactAdded enrols nobody. What was expunged while this database was away (new, or restored
 * from a backup) is read before anything else and removed from it again.
 */
import {
  AskAgain,
  ContactAdded,
  ContactDeclined,
  ContactDisabled,
  ContactExpunged,
  ContactOptedIn,
  EmailAccepted,
  EmailBounced,
  EmailRejected,
  EraseContactData,
  ExpungeDeclined,
  OptInKnown,
  OptInNotSent,
  StopEnrolments,
} from '#contracts';
import { on } from '#messaging';
import { AskAnew } from './enrolment/ask-anew.js';
import { EndEnrolments } from './enrolment/end-enrolments.js';
import { EndForDisabled } from './enrolment/end-for-disabled.js';
import { EndForOptIn } from './enrolment/end-for-opt-in.js';
import { EndMails } from './enrolment/end-mails.js';
import { EnrolContacts } from './enrolment/enrol-contacts.js';
import { NoteBounce } from './enrolment/note-bounce.js';
import { NoteKnown } from './enrolment/note-known.js';
import { NoteNotSent } from './enrolment/note-not-sent.js';
import { NoteRejection } from './enrolment/note-rejection.js';
import { PostponeExpunge } from './enrolment/postpone-expunge.js';
import { StartClock } from './enrolment/start-clock.js';
import { EraseContact } from './expunge/erase-contact.js';
import { RememberExpunged } from './expunge/remember-expunged.js';

export const subscriptions = [
  on(ContactAdded, EnrolContacts),
  on(EmailAccepted, StartClock),
  on(EmailRejected, NoteRejection),
  on(EmailBounced, NoteBounce),
  on(OptInNotSent, NoteNotSent),
  on(OptInKnown, NoteKnown),
  on(ContactOptedIn, EndForOptIn),
  on(ContactDeclined, EndMails),
  on(ContactDisabled, EndForDisabled),
  on(ExpungeDeclined, PostponeExpunge),
  on(StopEnrolments, EndEnrolments),
  on(AskAgain, AskAnew),
  on(EraseContactData, EraseContact),
  on(ContactExpunged, RememberExpunged),
];
