import { type CertificateStatement, type ParticipantEvidence, RETENTION_MS } from '#contracts';
import { DEAD_LETTER_RETENTION_DAYS } from '#messaging';
import type { ExpungeState } from '../expunge/expunge-state.process.js';

export interface Signing {
  readonly issuer: string;
  readonly certificateId: string;
  readonly at: Date;
  /** How long after completion the outcome of the confirmation is waited for. */
  readonly giveUpDays: number;
}

/** What the certificate of a completed request says, in plain words for the person who receives it. */
export function certificateStatement(
  state: ExpungeState,
  controller: CertificateStatement['controller'],
  { issuer, certificateId, at, giveUpDays }: Signing,
): CertificateStatement {
  const { expungeId, contactId, reason, requestedBy, requestedAt, completedAt = '', subjectCommitment } = state;
  return {
    iss: issuer,
    jti: certificateId,
    iat: at.getTime() / 1000,
    controller,
    request: { expungeId, contactId, reason, requestedBy, requestedAt, completedAt },
    ...(subjectCommitment === undefined ? {} : { subjectCommitment }),
    participants: state.participants.map(evidenceOf),
    kept: keptOf(state, giveUpDays),
    backups: BACKUPS,
    verification: verification(issuer),
    complaint: COMPLAINT,
  };
}

function evidenceOf({
  name,
  outcome = 'nothing_held',
  at = '',
  stores = [],
}: ExpungeState['participants'][number]): ParticipantEvidence {
  return { participant: name, outcome, at, stores };
}

function keptOf(
  { subjectCommitment, sealedRecipient }: ExpungeState,
  giveUpDays: number,
): CertificateStatement['kept'] {
  const commitment = subjectCommitment === undefined ? [] : [KEPT_COMMITMENT];
  const copies = sealedRecipient === undefined ? [] : [keptCopies(giveUpDays)];
  return [...KEPT, ...commitment, ...copies];
}

const KEPT: CertificateStatement['kept'] = [
  {
    what: 'This certificate and the record of this request: random identifiers, times, and how many records each system deleted.',
    why: 'To be able to show that the request was carried out. It does not contain your name, address or telephone number in readable form.',
  },
  {
    what: 'In each system one mark with the random identifier of the deleted contact, the identifier of this request, the time, and the identifiers of mails that were sent.',
    why: 'So that a late message, an import or a restored backup cannot bring the deleted contact back.',
  },
];

const KEPT_COMMITMENT: CertificateStatement['kept'][number] = {
  what: 'In this certificate a fingerprint of your email address (subjectCommitment), mixed with a random salt.',
  why: 'So that you, and nobody without the salt, can show that it is about you. The salt is not kept in readable form anywhere but in the mail to you.',
};

const QUEUE_DAYS = RETENTION_MS / (24 * 60 * 60 * 1000);

const keptCopies = (giveUpDays: number): CertificateStatement['kept'][number] => ({
  what:
    'For a limited time, encrypted copies of what is needed to write to you: your email address, your name, your language, ' +
    'the salt and the link to your status page. They end by themselves: ' +
    `in the queues between the systems ${QUEUE_DAYS} days after they were sent; ` +
    `in messages that a system could not handle, after ${DEAD_LETTER_RETENTION_DAYS} days at the latest; ` +
    'in the system that sends mail, when the confirmation mail was accepted or finally refused, or is given up; ' +
    `in the record of this request likewise, and ${giveUpDays} days after completion at the latest.`,
  why: 'So that the confirmation mail can be sent to you, also when a system fails on the way. They are used for nothing else.',
});

const BACKUPS =
  'Backups made before the deletion may still contain the data until they expire in the ordinary way. They are not used ' +
  'for anything else. When a system is restored from one, it first reads the list of deleted contacts and deletes them ' +
  'again before it does anything else.';

const verification = (issuer: string): string =>
  `This certificate is signed (JWS, EdDSA with Ed25519). The public keys are at ${issuer.replace(/\/$/, '')}/.well-known/jwks.json; ` +
  'any tool for JSON Web Signatures can check it. With your email address and the salt from the confirmation mail you can show ' +
  'that it is about you: subjectCommitment is base64url(SHA-256(salt bytes followed by the address in lower case)).';

const COMPLAINT =
  'If you think that your data was not handled lawfully you have the right to complain to the data protection supervisory ' +
  'authority where you live or work or where it happened, and to go to court. You can also ask the company named here.';
