import { type CertificateStatement, type ExpungeReason, type ParticipantEvidence, RETENTION_MS } from '#contracts';
import { DEAD_LETTER_RETENTION_DAYS } from '#messaging';
import type { ExpungeState } from '../expunge/expunge-state.process.js';

export interface Signing {
  readonly issuer: string;
  readonly certificateId: string;
  readonly at: Date;
  /** How long after completion the outcome of the confirmation is waited for. */
  readonly giveUpDays: number;
  /** How long contact-service keeps a hash of the address of who was removed, or of who did not answer when asked. */
  readonly suppressDays: { readonly removed: number; readonly noAnswer: number };
}

/** What the certificate of a completed request says, in plain words for the person who receives it. */
export function certificateStatement(
  state: ExpungeState,
  controller: CertificateStatement['controller'],
  signing: Signing,
): CertificateStatement {
  const { issuer, certificateId, at } = signing;
  const { expungeId, contactId, reason, requestedBy, requestedAt, completedAt = '', subjectCommitment } = state;
  return {
    iss: issuer,
    jti: certificateId,
    iat: at.getTime() / 1000,
    controller,
    request: { expungeId, contactId, reason, requestedBy, requestedAt, completedAt },
    ...(subjectCommitment === undefined ? {} : { subjectCommitment }),
    participants: state.participants.map(evidenceOf),
    kept: keptOf(state, signing),
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
  { subjectCommitment, sealedRecipient, reason, completedAt }: ExpungeState,
  { giveUpDays, suppressDays, at }: Signing,
): CertificateStatement['kept'] {
  const until = suppressedUntil(reason, suppressDays, completedAt === undefined ? at : new Date(completedAt));
  const commitment = subjectCommitment === undefined ? [] : [KEPT_COMMITMENT, keptAddress(until), ...KEPT_FILES];
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
  {
    what: 'If you were asked by mail whether you agree to be in the system, and answered: what you decided, when and how, which words were shown, and random identifiers of the deleted contact and of the mail.',
    why: 'To be able to show that you were asked and what you decided. It does not contain your name, address or telephone number.',
  },
];

const KEPT_COMMITMENT: CertificateStatement['kept'][number] = {
  what: 'In this certificate a fingerprint of your email address (subjectCommitment), mixed with a random salt.',
  why: 'So that you, and nobody without the salt, can show that it is about you. The salt is not kept in readable form anywhere but in the mail to you.',
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** The day on which the entry of the address ends: contact-service erased before the request was complete, so not later. */
function suppressedUntil(reason: ExpungeReason, days: Signing['suppressDays'], completedAt: Date): string {
  const kept = reason === 'no-opt-in' ? days.noAnswer : days.removed;
  return new Date(completedAt.getTime() + kept * DAY_MS).toISOString().slice(0, 10);
}

/** For requests with an address; where an import was taken back there is none, and neither is there this entry. */
const keptAddress = (until: string): CertificateStatement['kept'][number] => ({
  what:
    'In the system of the company a keyed fingerprint (HMAC-SHA-256) of your email address, until ' +
    `${until}, or until the end of an earlier entry for the same address. Without a secret key of that system nobody can ` +
    'find out your address from it.',
  why:
    'So that the company cannot add you again by mistake, by hand or with an imported file, and so that nobody is asked at ' +
    'your address to agree to be in the system. It is used for nothing else. ' +
    'It goes when you sign up yourself and have shown that the address is yours, and the company’s privacy officer can delete it when you ask.',
});

const KEPT_FILES: CertificateStatement['kept'] = [
  {
    what: 'If the company is importing a file with your address in it at this moment: that file, until the import has ended, four days after it was uploaded at the latest.',
    why: 'So that the import can go on when a system fails on the way. The row with your address is left out.',
  },
  {
    what: 'If the company tried to import a row about you without a usable email address: that row, in the list of rows that were refused, 30 days after the import at the latest.',
    why: 'So that the company can mend its file. Without an address it cannot be told whom the row is about.',
  },
];

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
