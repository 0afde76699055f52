import { createHash } from 'node:crypto';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Fault } from '../run-folder.js';
import type { Mail } from './facts.js';
import { both, each, type Invariant } from './invariant.js';
import { expectedOf } from './who.js';

interface Statement {
  readonly request: { readonly contactId: string; readonly expungeId: string };
  readonly subjectCommitment?: string;
}

/** As the certificate says how to check it: base64url(SHA-256(salt || address in lower case)). */
const commitment = (salt: string, address: string): string =>
  createHash('sha256').update(Buffer.from(salt, 'base64url')).update(address.toLowerCase()).digest('base64url');

async function verified(certificate: string, keys: JSONWebKeySet): Promise<Statement | undefined> {
  try {
    const { payload } = await compactVerify(certificate, createLocalJWKSet(keys), { algorithms: ['EdDSA'] });
    return JSON.parse(new TextDecoder().decode(payload)) as Statement;
  } catch {
    return undefined;
  }
}

export const CONFIRMED_BY_MAIL: Invariant = {
  name: 'everybody got the own confirmation, with a certificate that verifies, and nobody that of another',
  async look(facts) {
    const keys = (await (await fetch(facts.run.certificateJwksUrl)).json()) as JSONWebKeySet;
    const confirmations = facts.mails.filter(({ certificate }) => certificate !== undefined);
    const statements = new Map<Mail, Statement | undefined>();
    for (const mail of confirmations) statements.set(mail, await verified(mail.certificate!, keys));
    const { addressOf } = expectedOf(facts);
    const taken = new Set(
      confirmations
        .filter(({ answered }) => answered === 'accepted')
        .map((mail) => `${statements.get(mail)?.request.expungeId} ${mail.to}`),
    );
    const told = facts.requests.filter(({ state, email_id: emailId }) => state === 'confirmed' && emailId !== null);
    return both(
      each(confirmations, (mail) => {
        const statement = statements.get(mail);
        if (!statement) return `the certificate of ${mail.messageId} does not verify`;
        if (addressOf.get(statement.request.contactId) !== mail.to) return `${mail.messageId} went to somebody else`;
        if (mail.salt === undefined || statement.subjectCommitment !== commitment(mail.salt, mail.to)) {
          return `${mail.messageId} cannot be proved to be about its reader`;
        }
        return undefined;
      }),
      each(told, ({ expunge_id: id, contact_id: contactId }) => {
        return taken.has(`${id} ${addressOf.get(contactId)}`) ? undefined : `${id} is confirmed and no mail arrived`;
      }),
    );
  },
};

/** What can keep the sender from knowing that a mail was taken, so that it sends the mail again. */
const CUTS_OFF_THE_SENDER =
  /^(kill|freeze) notification-service|^stop database|^(slow|reset|half-open) (smtp|postgres)|^(hang on|drop) mails|^replay/;
/** A lease, and the pauses before a mail is tried again. */
const AFTERWARDS_MS = 30_000;

function explains(fault: Fault, first: Mail, second: Mail): boolean {
  if (!CUTS_OFF_THE_SENDER.test(fault.kind)) return false;
  return fault.from <= second.at && fault.to + AFTERWARDS_MS >= first.at;
}

export const REPEATS_EXPLAINED: Invariant = {
  name: 'a mail comes again only after its sender was cut off, as the same mail with the same certificate',
  look(facts) {
    const faults = facts.folder.all('faults');
    // By person and purpose and not by the id of the mail: a second mail with an id of its own is one too many.
    const groups = Map.groupBy(facts.mails, ({ to, certificate }) => `${to} ${certificate !== undefined}`);
    return each(groups.values(), (mails) => {
      const [first, ...again] = mails.toSorted((a, b) => a.at - b.at);
      for (const second of again) {
        if (second.messageId !== first!.messageId)
          return `${first!.messageId} and ${second.messageId} are not the same`;
        if (second.certificate !== first!.certificate) return `${first!.messageId} came with two certificates`;
        if (!faults.some((fault) => explains(fault, first!, second)))
          return `${first!.messageId} came twice for no reason`;
      }
      return undefined;
    });
  },
};
