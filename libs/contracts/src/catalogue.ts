import {
  AskAgain,
  ExpungeContact,
  ExpungeDeclined,
  OptInKnown,
  OptInNotSent,
  RequestOptIn,
  StopEnrolments,
} from './consent-messages.js';
import { ContactAdded, ContactDeclined, ContactDisabled, ContactEnabled, ContactOptedIn } from './contact-messages.js';
import { CancelEmails, EmailAccepted, EmailBounced, EmailRejected, SendEmail } from './email-messages.js';
import {
  ContactDataErased,
  ContactErasureRefused,
  ContactExpunged,
  EraseContactData,
  ExpungeRequested,
  ExpungeWaiting,
} from './expunge-messages.js';
import type { MessageClass } from './message.js';
import { TenantChanged } from './tenant-messages.js';

/** Every message of the system. A new message is one class, one line here and one recorded sample. */
export const MESSAGES: readonly MessageClass[] = [
  TenantChanged,
  ContactAdded,
  ContactDisabled,
  ContactEnabled,
  ContactOptedIn,
  ContactDeclined,
  RequestOptIn,
  OptInNotSent,
  OptInKnown,
  ExpungeContact,
  ExpungeDeclined,
  StopEnrolments,
  AskAgain,
  ExpungeRequested,
  ExpungeWaiting,
  EraseContactData,
  ContactDataErased,
  ContactErasureRefused,
  ContactExpunged,
  SendEmail,
  CancelEmails,
  EmailAccepted,
  EmailRejected,
  EmailBounced,
];
