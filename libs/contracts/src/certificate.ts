import type { EraseOutcome, ExpungeReason, Requester, StoreEvidence } from './expunge-messages.js';

/** `typ` of the certificate's JWS header (RFC 7515); a verifier accepts no other. */
export const CERTIFICATE_TYP = 'expunge-certificate+jwt';
export const CERTIFICATE_ALG = 'EdDSA';

/** What the signed certificate says: proof of the removal without any personal data. Times are ISO 8601 in UTC. */
export interface CertificateStatement {
  readonly iss: string;
  /** Certificate id. */
  readonly jti: string;
  /** Signing time, seconds since 1970 with their fraction (NumericDate, RFC 7519). */
  readonly iat: number;
  readonly controller: { readonly tenantId: string; readonly name: string; readonly privacyContact: string };
  readonly request: {
    readonly expungeId: string;
    readonly contactId: string;
    readonly reason: ExpungeReason;
    readonly requestedBy: Requester;
    readonly requestedAt: string;
    readonly completedAt: string;
  };
  /** base64url(SHA-256(salt || normalised address)); absent when the contact had no address. */
  readonly subjectCommitment?: string;
  readonly participants: readonly ParticipantEvidence[];
  readonly kept: readonly { readonly what: string; readonly why: string }[];
  readonly backups: string;
  readonly verification: string;
  readonly complaint: string;
}

export interface ParticipantEvidence {
  readonly participant: string;
  readonly outcome: EraseOutcome;
  readonly at: string;
  readonly stores: readonly StoreEvidence[];
}
