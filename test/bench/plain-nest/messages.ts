/** Topics: one for each kind of message, as `@EventPattern` wants it. */
export const REQUESTED = 'plain.expunge.requested';
export const ERASE = 'plain.expunge.erase';
export const ERASED = 'plain.expunge.erased';
export const EXPUNGED = 'plain.contact.expunged';
export const SEND_EMAIL = 'plain.email.send';
export const ACCEPTED = 'plain.email.accepted';
export const PLAIN_TOPICS = [REQUESTED, ERASE, ERASED, EXPUNGED, SEND_EMAIL, ACCEPTED];

interface OfContact {
  readonly tenantId: string;
  readonly contactId: string;
  readonly expungeId: string;
}

export interface ExpungeRequested extends OfContact {
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly subjectCommitment: string;
  readonly sealedRecipient: string;
}

export type EraseContactData = OfContact;

export interface ContactDataErased extends OfContact {
  readonly participant: string;
  readonly outcome: string;
  readonly stores: { readonly store: string; readonly erased: number; readonly remaining: number }[];
  readonly at: string;
}

export interface ContactExpunged extends OfContact {
  readonly completedAt: string;
  readonly certificateId: string;
}

export interface SendEmail extends OfContact {
  readonly emailId: string;
  readonly purpose: string;
  readonly sealed: string;
  readonly attachments: { readonly filename: string; readonly contentType: string; readonly content: string }[];
}

export interface EmailAccepted extends OfContact {
  readonly emailId: string;
  readonly at: string;
}
