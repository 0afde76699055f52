/**
 * The story of one expunge request. It may have to wait for a legal hold or a kill switch before it begins. Then every
 * participant is asked to erase a contact and answers with evidence, or refuses and is asked again, for ever. Only when
 * each of them has proved that nothing is left is the contact `expunged`: a certificate is signed, the world is told and
 * the person is written to. When the receiving server has accepted that mail the request is `confirmed`. No time limit
 * and no missing participant ever completes a request.
 */
import { ContactExpunged, EraseContactData, message, type Outgoing, SendEmail, type StoreEvidence } from '#contracts';
import type { ExpungeState, IgnoredReason, Input, Opening, ParticipantState } from './expunge-state.process.js';
import { isKnownRun, noteRun, type SkippedRun } from './waiting.decision.js';

/** The services that always hold contact data. Code, not configuration, so that none can be left out. */
export const BUILT_IN_PARTICIPANTS = ['contact-service', 'workflow-service', 'notification-service'] as const;
/** It had the contact, so "nothing held" from it is a contradiction and no proof. */
const OWNER = 'contact-service';

type InputOf<K extends Input['kind']> = Extract<Input, { kind: K }>;

export type Decision =
  { readonly state: ExpungeState; readonly messages: readonly Outgoing[] } | { readonly ignored: IgnoredReason };

type Progress = { readonly state: ExpungeState; readonly messages: Outgoing[] };

const UNTOUCHED = {
  state: 'waiting',
  participants: [],
  overdue: false,
  confirmationFailed: false,
  askedTimes: 0,
} as const;

/** Opens a request and asks everybody: the built-in participants, and those configured at this moment. */
export const open = (opening: Opening, extra: readonly string[]): Progress =>
  askEverybody({ ...opening, ...UNTOUCHED }, extra);

/** Opens a request that may not begin yet: nobody is asked anything. */
export const openWaiting = (opening: Opening, run: SkippedRun): ExpungeState => ({
  ...opening,
  ...UNTOUCHED,
  waiting: noteRun(undefined, run),
});

function askEverybody(untouched: ExpungeState, extra: readonly string[]): Progress {
  const names = [...new Set([...BUILT_IN_PARTICIPANTS, ...extra])];
  const participants = names.map((name) => ({ name }));
  const state: ExpungeState = { ...untouched, state: 'erasing', participants, askedTimes: 1 };
  return { state, messages: [ask(state)] };
}

/** What follows from one input. Late, repeated and foreign inputs are ignored, with the reason. */
export function decide(state: ExpungeState, input: Input): Decision {
  if (!isAbout(state, input)) return { ignored: 'wrong-request' };
  return state.state === 'waiting' ? whileItWaits(state, input) : onceItHasBegun(state, input);
}

function whileItWaits(state: ExpungeState, input: Input): Decision {
  switch (input.kind) {
    case 'skipped':
      return skipped(state, input);
    case 'begun':
      return begun(state, input);
    case 'waited-too-long':
      return { state: { ...state, overdue: true }, messages: [] };
    case 'erased':
    case 'refused':
    case 'ask-due':
    case 'email-accepted':
    case 'email-rejected':
    case 'confirmation-overdue':
      return { ignored: 'not-begun' };
  }
}

function onceItHasBegun(state: ExpungeState, input: Input): Decision {
  switch (input.kind) {
    case 'skipped':
    case 'begun':
    case 'waited-too-long':
      return { ignored: 'already-begun' };
    case 'erased':
      return evidence(state, input);
    case 'refused':
      return refusal(state, input);
    case 'ask-due':
      return askAgain(state, input);
    case 'email-accepted':
      return accepted(state, input);
    case 'email-rejected':
      return rejected(state, input);
    case 'confirmation-overdue':
      return gaveUp(state);
  }
}

function skipped(state: ExpungeState, run: InputOf<'skipped'>): Decision {
  if (isKnownRun(state.waiting, run)) return { ignored: 'duplicate' };
  return { state: { ...state, waiting: noteRun(state.waiting, run) }, messages: [] };
}

/** Only now is it known who has to be asked and where the answer goes; the rest, its time too, is as it was first said. */
function begun(state: ExpungeState, { subjectCommitment, sealedRecipient, extra }: InputOf<'begun'>): Decision {
  return askEverybody({ ...state, subjectCommitment, sealedRecipient }, extra);
}

function evidence(state: ExpungeState, input: InputOf<'erased'>): Decision {
  if (state.state !== 'erasing') return { ignored: 'already-finished' };
  const participant = state.participants.find(({ name }) => name === input.participant);
  if (!participant) return { ignored: 'unknown-participant' };
  if (participant.outcome) return { ignored: 'duplicate' };
  const { outcome, stores, at } = input;
  if (!nothingLeft(stores)) return { ignored: 'proves-nothing' };
  if (participant.name === OWNER && outcome !== 'erased') {
    return replace(state, { name: participant.name, refusal: { reason: 'nothing-held-by-owner', at } });
  }
  const { state: next } = replace(state, { name: participant.name, outcome, at, stores });
  return {
    state: isComplete(next.participants) ? { ...next, state: 'expunged', completedAt: input.now } : next,
    messages: [],
  };
}

function refusal(state: ExpungeState, { participant, reason, at }: InputOf<'refused'>): Decision {
  if (state.state !== 'erasing') return { ignored: 'already-finished' };
  const known = state.participants.find(({ name }) => name === participant);
  if (!known) return { ignored: 'unknown-participant' };
  if (known.outcome) return { ignored: 'already-erased' };
  return replace(state, { name: participant, refusal: { reason, at } });
}

function askAgain(state: ExpungeState, { overdue }: InputOf<'ask-due'>): Decision {
  if (state.state !== 'erasing') return { ignored: 'already-finished' };
  const next = { ...state, askedTimes: state.askedTimes + 1, overdue: state.overdue || overdue };
  return { state: next, messages: [ask(next)] };
}

function accepted(state: ExpungeState, { emailId, at }: InputOf<'email-accepted'>): Decision {
  if (state.state === 'confirmed') return { ignored: 'already-finished' };
  if (emailId !== state.emailId) return { ignored: 'other-mail' };
  const confirmed = { state: 'confirmed', confirmedAt: at, confirmationFailed: false } as const;
  return { state: { ...state, ...confirmed, sealedRecipient: undefined }, messages: [] };
}

/** The contact is gone all the same, so the request stays `expunged`; the certificate waits on the status page. */
function rejected(state: ExpungeState, { emailId, permanent }: InputOf<'email-rejected'>): Decision {
  if (state.state === 'confirmed' || state.confirmationFailed) return { ignored: 'already-finished' };
  if (emailId !== state.emailId) return { ignored: 'other-mail' };
  if (!permanent) return { ignored: 'mail-is-tried-again' };
  return { state: { ...state, confirmationFailed: true, sealedRecipient: undefined }, messages: [] };
}

/** Nobody has said what became of the mail, and no copy may wait for ever. If it was accepted after all, that counts. */
function gaveUp(state: ExpungeState): Decision {
  if (state.state === 'confirmed' || state.confirmationFailed) return { ignored: 'already-finished' };
  if (state.emailId === undefined) return { ignored: 'no-mail-under-way' };
  return { state: { ...state, confirmationFailed: true, sealedRecipient: undefined }, messages: [] };
}

/** All data is gone and nobody has been told yet: the certificate comes first. */
export const awaitsCertificate = (state: ExpungeState): boolean =>
  state.state === 'expunged' && state.certificateId === undefined;

export interface Certified {
  readonly certificateId: string;
  /** The signed certificate (JWS compact serialisation). */
  readonly certificate: string;
  readonly emailId: string;
}

/** Tells the world, and the person if there is somewhere to write to. */
export function announce(
  state: ExpungeState,
  { certificateId, certificate, emailId }: Certified,
): { state: ExpungeState; messages: Outgoing[] } {
  const { tenantId, contactId, expungeId, reason, requestedAt, completedAt = '', sealedRecipient: sealed } = state;
  const ids = { tenantId, contactId, expungeId };
  const expunged = message(ContactExpunged, { ...ids, reason, requestedAt, completedAt, certificateId });
  if (sealed === undefined) return { state: { ...state, certificateId }, messages: [expunged] };
  const attachments = [{ filename: 'certificate.jws', contentType: 'application/jose', content: certificate }];
  const mail = message(SendEmail, { ...ids, emailId, purpose: 'expunge-confirmation', sealed, attachments });
  return { state: { ...state, certificateId, emailId }, messages: [expunged, mail] };
}

/**
 * The rule the product stands on: every participant, over a list that has all built-in ones, has proved that nothing
 * is left, and the owner of the contact had something to erase. Never `some`, never by default.
 */
export function isComplete(participants: readonly ParticipantState[]): boolean {
  const names = new Set(participants.map(({ name }) => name));
  return (
    BUILT_IN_PARTICIPANTS.every((name) => names.has(name)) &&
    participants.every(({ outcome, stores }) => outcome !== undefined && nothingLeft(stores ?? [])) &&
    participants.some(({ name, outcome }) => name === OWNER && outcome === 'erased')
  );
}

const nothingLeft = (stores: readonly StoreEvidence[]): boolean =>
  stores.length > 0 && stores.every(({ remaining }) => remaining === 0);

const isAbout = (state: ExpungeState, input: Input): boolean =>
  input.expungeId === state.expungeId && input.tenantId === state.tenantId && input.contactId === state.contactId;

/** Asks who has not answered or has refused; a built-in one missing from the list as well, so that it shows. */
function ask(state: ExpungeState): Outgoing {
  const { tenantId, contactId, expungeId } = state;
  const answered = new Set(state.participants.filter(({ outcome }) => outcome).map(({ name }) => name));
  const all = new Set([...BUILT_IN_PARTICIPANTS, ...state.participants.map(({ name }) => name)]);
  const participants = [...all].filter((name) => !answered.has(name));
  return message(EraseContactData, { tenantId, contactId, expungeId, participants });
}

function replace(state: ExpungeState, participant: ParticipantState): Progress {
  const participants = state.participants.map((known) => (known.name === participant.name ? participant : known));
  return { state: { ...state, participants }, messages: [] };
}
