import { CancelEmails, ContactExpunged, EraseContactData, SendEmail, TenantChanged } from '#contracts';
import { on } from '#messaging';
import { EraseContact } from './expunge/erase-contact.js';
import { RememberExpunged } from './expunge/remember-expunged.js';
import { CancelMails } from './mail/cancel-mails.js';
import { QueueMail } from './mail/queue-mail.js';
import { LearnTenant } from './tenants/learn-tenant.js';

/**
 * privacy-service asks for a confirmation to a recipient it cannot read. The mail is stored, still sealed; send-mail
 * takes it from there, opens the seal for the moment of handing over, and deletes it once the receiving server has
 * accepted or refused for good. What asks to opt in and has lost its reason is called back before. An erase removes every other mail of the contact and waits for one being handed over.
 */
export const subscriptions = [
  on(SendEmail, QueueMail),
  on(CancelEmails, CancelMails),
  on(EraseContactData, EraseContact),
  on(ContactExpunged, RememberExpunged),
  on(TenantChanged, LearnTenant),
];
