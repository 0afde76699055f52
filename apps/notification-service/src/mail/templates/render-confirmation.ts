import { Eta } from 'eta';
import type { CertificateStatement, ParticipantEvidence } from '#contracts';
import { HTML, TEXT } from './confirmation-layout.js';
import { toHeaderText } from '../header-text.js';
import type { ConfirmationWords } from './confirmation-words.js';
import { webAddress } from './web-address.js';

export interface ConfirmationFacts {
  readonly statement: CertificateStatement;
  /** Readable in this mail only: with it the person can show that the certificate is about them. */
  readonly salt?: string;
  readonly statusUrl?: string;
  /** Name of the attached certificate file. */
  readonly file: string;
}

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const forHtml = new Eta({ autoEscape: true });
const forText = new Eta({ autoEscape: false });
forHtml.loadTemplate('@confirmation', HTML);
forText.loadTemplate('@confirmation', TEXT);

/** The words of the confirmation: proof of the removal, nothing of what was removed, no name and no address. */
export function renderConfirmation(words: ConfirmationWords, facts: ConfirmationFacts): RenderedMail {
  const { statement } = facts;
  const view = {
    words,
    opening: words.opening(statement.controller.name),
    facts: requestFacts(words, statement),
    systems: statement.participants.map((participant) => systemView(words, participant)),
    kept: statement.kept,
    backups: statement.backups,
    verify: words.verify(facts.file),
    command: command(words, facts),
    proof: proof(words, facts),
    statusUrl: webAddress(facts.statusUrl),
  };
  return {
    subject: words.subject(toHeaderText(statement.controller.name)),
    text: forText.render('@confirmation', view),
    html: forHtml.render('@confirmation', view),
  };
}

function requestFacts(words: ConfirmationWords, { controller, request }: CertificateStatement) {
  return [
    { label: words.requestNumber, value: request.expungeId },
    { label: words.channel, value: `${words.reasons[request.reason]}, ${words.requesters[request.requestedBy]}` },
    { label: words.received, value: moment(words, request.requestedAt) },
    { label: words.completed, value: moment(words, request.completedAt) },
    { label: words.controller, value: controller.name },
    { label: words.contactForPrivacy, value: controller.privacyContact },
    { label: words.processor, value: words.processorName },
  ];
}

function systemView(words: ConfirmationWords, { participant, stores, at }: ParticipantEvidence) {
  const count = (erased: number): string => (erased === 0 ? words.nothingHeld : words.erased(erased));
  return {
    name: words.systems[participant] ?? participant,
    summary: count(stores.reduce((sum, store) => sum + store.erased, 0)),
    at: moment(words, at),
    stores: stores.map(({ store, erased }) => ({
      name: words.stores[store] ?? store.replaceAll(/[_-]/g, ' '),
      summary: count(erased),
    })),
  };
}

/** Ready to be pasted into a shell; with `=` because a salt may begin with a hyphen. */
function command(words: ConfirmationWords, { file, salt, statement }: ConfirmationFacts): string {
  const person = salt === undefined ? '' : ` --email "${words.commandAddress}" --salt=${salt}`;
  return `npm run certificate:verify -- ${file}${person}${keys(statement.iss)}`;
}

/** Where the certificate's issuer publishes its keys; left out when that is no address a shell takes as it is. */
function keys(issuer: string): string {
  const address = webAddress(`${issuer.replace(/\/+$/, '')}/.well-known/jwks.json`);
  return address !== undefined && /^[\w.:/~%[\]-]+$/.test(address) ? ` --jwks ${address}` : '';
}

function proof(words: ConfirmationWords, { statement, salt }: ConfirmationFacts) {
  if (salt === undefined || statement.subjectCommitment === undefined) return [];
  return [
    { label: words.salt, value: salt },
    { label: words.commitment, value: statement.subjectCommitment },
  ];
}

/** Making one costs more than all the rest of a mail. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** Date and time in words, in UTC: the reader's time zone is not known and not asked for. */
function moment({ language }: ConfirmationWords, iso: string): string {
  const format =
    formats.get(language) ??
    new Intl.DateTimeFormat(`${language}-u-nu-latn`, { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' });
  formats.set(language, format);
  return `${format.format(new Date(iso))} UTC`;
}
