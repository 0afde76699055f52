/**
 * privacy-service coordinates. contact-service says that a contact is to be removed, or first that its removal must wait
 * for a legal hold or a kill switch, which is shown and nothing more. Every participant is asked to erase and answers with
 * evidence, or refuses and is asked again. When all have proved it, the certificate is signed and mailed; what became of
 * that mail closes the request. Tenants are known by name only, for the certificate.
 */
import {
  ContactDataErased,
  ContactErasureRefused,
  EmailAccepted,
  EmailRejected,
  ExpungeRequested,
  ExpungeWaiting,
  TenantChanged,
} from '#contracts';
import { on } from '#messaging';
import { OpenExpunge } from './expunge/open-expunge.js';
import { RecordConfirmation } from './expunge/record-confirmation.js';
import { RecordEvidence } from './expunge/record-evidence.js';
import { RecordRefusal } from './expunge/record-refusal.js';
import { RecordRejection } from './expunge/record-rejection.js';
import { RecordWaiting } from './expunge/record-waiting.js';
import { LearnTenant } from './tenants/learn-tenant.js';

export const subscriptions = [
  on(ExpungeWaiting, RecordWaiting),
  on(ExpungeRequested, OpenExpunge),
  on(ContactDataErased, RecordEvidence),
  on(ContactErasureRefused, RecordRefusal),
  on(EmailAccepted, RecordConfirmation),
  on(EmailRejected, RecordRejection),
  on(TenantChanged, LearnTenant),
];
