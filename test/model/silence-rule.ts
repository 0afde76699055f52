/**
 * Rule 2 in miniature: who may be removed for staying silent. Written from what the product promises and not from its code,
 * and kept so short that a reader can check it by eye; the services are held against it. Times and spans in milliseconds.
 */

/** A mail that asked a person to opt in, with what it promised. */
export interface Mail {
  readonly enrolmentId: string;
  readonly template: 'opt-in' | 'opt-in-reminder';
  readonly askedAt: number;
  /** Time to answer, from the acceptance on; 0: the mail said that nobody is removed. */
  readonly grace: number;
  readonly linkValid: number;
  acceptedAt?: number;
  /** `refused`: never accepted, for good. */
  cameBack?: 'soft' | 'hard' | 'refused';
  complained?: boolean;
  /** The person has another address by now. */
  toOldAddress?: boolean;
}

export interface Person {
  /** False as soon as the removal has begun. */
  here: boolean;
  consent: 'none' | 'opted-in' | 'declined';
  /** Whoever has agreed once was not silent, whatever they say later. */
  everAgreed: boolean;
  /** By id, until when. */
  readonly holds: Map<string, number>;
  /** Enrolments somebody took the person out of. */
  readonly stopped: Set<string>;
  /** Somebody said that nobody shall ask this person, in whatever workflow. */
  neverAsk: boolean;
  readonly mails: Map<string, Mail>;
}

export interface Company {
  policyOn: boolean;
  killSwitch: boolean;
}

/** Somebody says that this person's time is over. */
export interface Command {
  readonly enrolmentId: string;
  readonly emailId: string;
  readonly grace: number;
}

export function mayBeRemovedForSilence(person: Person, company: Company, command: Command, now: number): boolean {
  const mail = person.mails.get(command.emailId);
  if (mail?.acceptedAt === undefined || mail.enrolmentId !== command.enrolmentId) return false;
  const all = [...person.mails.values()];
  const grace = Math.max(mail.grace, command.grace);
  return [
    person.here,
    !person.everAgreed,
    !person.stopped.has(mail.enrolmentId),
    [...person.holds.values()].every((until) => until <= now),
    company.policyOn,
    !company.killSwitch,
    mail.grace > 0,
    mail.template === 'opt-in',
    !wasToldNobodyGoes(all),
    !mail.toOldAddress,
    mail.linkValid >= grace,
    mail.cameBack === undefined,
    all.every((one) => !cameBackForGood(one) || one.toOldAddress === true),
    now >= mail.acceptedAt + grace,
    all.every((one) => now >= promisedUntil(one)),
  ].every(Boolean);
}

const promisedUntil = ({ acceptedAt, grace }: Mail): number => (acceptedAt === undefined ? 0 : acceptedAt + grace);
const cameBackForGood = ({ cameBack }: Mail): boolean => cameBack === 'hard' || cameBack === 'refused';

/** By the mail that arrived last. */
function wasToldNobodyGoes(mails: readonly Mail[]): boolean {
  const arrived = mails.filter(({ acceptedAt, cameBack }) => acceptedAt !== undefined && cameBack === undefined);
  const last = Math.max(...arrived.map(({ acceptedAt }) => acceptedAt!));
  return arrived.some(({ acceptedAt, grace }) => acceptedAt === last && grace === 0);
}

/** What a mail may say of the removal: a reminder no more than the mail it reminds of. */
export function mayPromise(person: Person, company: Company, mail: Pick<Mail, 'enrolmentId' | 'template'>): boolean {
  if (!company.policyOn || mail.template === 'opt-in') return company.policyOn;
  const before = [...person.mails.values()].filter(
    ({ template, enrolmentId }) => template === 'opt-in' && enrolmentId === mail.enrolmentId,
  );
  return before.length > 0 && before.at(-1)!.grace > 0 && !before.at(-1)!.toOldAddress;
}

/** Nobody is written to who has answered, complained, was stopped, or cannot be reached. */
export function mayBeAsked(person: Person): boolean {
  const wanted = ![...person.mails.values()].some(
    (mail) => mail.complained || (cameBackForGood(mail) && !mail.toOldAddress),
  );
  return person.here && person.consent === 'none' && wanted && !person.neverAsk;
}

/**
 * Whether the link of this mail still takes an answer: it does not run out before the acceptance, nor while the person can still
 * be removed for not answering, nor once they have agreed, because they may withdraw.
 */
export function takesAnswer(person: Person, mail: Mail, now: number): boolean {
  if (!person.here || mail.toOldAddress) return false;
  if (mail.acceptedAt === undefined || person.everAgreed) return true;
  return now < mail.acceptedAt + mail.linkValid || mayStillGo(person);
}

/** On account of any mail, whatever puts it off. */
function mayStillGo(person: Person): boolean {
  const all = [...person.mails.values()];
  if (all.some((mail) => cameBackForGood(mail) && !mail.toOldAddress) || wasToldNobodyGoes(all)) return false;
  return all.some(
    (mail) =>
      mail.template === 'opt-in' &&
      mail.acceptedAt !== undefined &&
      mail.cameBack === undefined &&
      mail.grace > 0 &&
      mail.linkValid >= mail.grace &&
      !mail.toOldAddress &&
      !person.stopped.has(mail.enrolmentId),
  );
}
