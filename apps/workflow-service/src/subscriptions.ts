import { ContactAdded, ContactExpunged, EraseContactData } from '#contracts';
import { on } from '#messaging';
import { EnrolContacts } from './enrolment/enrol-contacts.js';
import { EraseContact } from './expunge/erase-contact.js';
import { RememberExpunged } from './expunge/remember-expunged.js';

// A contact is added, by a recruiter or by an import: where the client has a workflow for that, the contact is enrolled
// in it and a timer row stands for its first step. When the contact is to be removed, enrolments and timers go, with
// evidence, and the tombstone stays: a late ContactAdded enrols nobody. What was expunged while this database was away
// (new, or restored from a backup) is read before anything else and removed from it again.
export const subscriptions = [
  on(ContactAdded, EnrolContacts),
  on(EraseContactData, EraseContact),
  on(ContactExpunged, RememberExpunged),
];
