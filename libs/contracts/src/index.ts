export * from './acls.js';
export * from './catalogue.js';
export * from './certificate.js';
export * from './consent-messages.js';
export * from './contact-messages.js';
export * from './email-messages.js';
export {
  ContactDataErased,
  ContactErasureRefused,
  ContactExpunged,
  ERASE_OUTCOMES,
  EraseContactData,
  type EraseOutcome,
  EXPUNGE_REASONS,
  type ExpungeReason,
  ExpungeRequested,
  ExpungeWaiting,
  type Requester,
  REQUESTERS,
  StoreEvidence,
  WAITING_FOR,
  type WaitingFor,
} from './expunge-messages.js';
export * from './message.js';
export * from './routes.js';
export * from './tenant-messages.js';
export * from './topics.js';
