import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { askOfLink, asksOf } from '../consent/opt-in-ask.js';
import { cameBackForGood, endOfSilence, type OptInAsk, type SentAsk } from '../consent/silent-expunge.decision.js';
import { isUnderWay } from '../consent/standing.decision.js';
import type { Contact } from '../contacts/contact.js';
import type { Judged } from '../expunge/judge.js';
import { RequestExpunge } from '../expunge/request-expunge.js';
import { type FormState, stateOf } from './form.decision.js';
import type { ConsentShown, FormView, SilenceEnds } from './form-view.js';

export type Seen = Pick<Judged, 'tenant' | 'contact' | 'decision' | 'waiting'>;

/** The mail a link stands in, and what silence leads to. */
export interface Ask {
  readonly emailId: string;
  /**
   * Its time is over, and so is that of a removal. As long as silence can still remove the contact, on account of this mail or
   * another (put off by a hold, the kill switch or the daily cap, perhaps for weeks), a yes has to be heard; and whoever has
   * agreed can withdraw as easily (GDPR Article 7(3)).
   */
  readonly expired: boolean;
  readonly addressChanged: boolean;
  /** Nobody is removed for silence by what was sent so far, whatever time passes. */
  readonly removesNobody: boolean;
  /** When the time of whoever stays silent ends. */
  readonly timeEnds: Exclude<SilenceEnds, 'never'>;
  /** The contact has opted in at some time, whatever it has said since. */
  readonly everOptedIn: boolean;
}

export interface Looked {
  readonly view: FormView;
  readonly state: FormState;
  readonly ask: Ask;
}

/** What a link leads to as things are. Undefined when there is no such link of this contact. */
@Injectable()
export class LookAtForm {
  constructor(private readonly requestExpunge: RequestExpunge) {}

  async execute(tx: EntityManager, token: string, seen: Seen): Promise<Looked | undefined> {
    const ask = await readAsk(tx, token, seen.contact);
    if (!ask) return undefined;
    const state = stateOf({ ...ask, contactDisabled: seen.contact.state === 'disabled' }, seen.decision);
    return { ask, state, view: this.view(state, seen, ask) };
  }

  private view(state: FormState, seen: Seen, ask: Ask): FormView {
    if (state === 'void') return { page: state };
    const known = { ...knownOf(seen), consent: consentShown(seen.contact, ask) };
    switch (state) {
      case 'expunging':
      case 'waiting':
        return { ...known, page: state, statusUrl: this.statusUrl(seen) };
      case 'expired':
        return { ...known, page: state };
      case 'disabled':
        return { ...known, page: state, mayRemove: seen.decision !== 'already-disabled' };
      case 'open': {
        const { consentAt, createdAt: heldSince } = seen.contact;
        const act = seen.decision === 'disable' ? 'disable' : 'expunge';
        return { ...known, page: state, consentAt, heldSince, act, ends: silenceEnds(ask, seen) };
      }
    }
  }

  private statusUrl({ waiting, contact }: Seen): string {
    const statusToken = waiting?.statusToken ?? contact.statusToken;
    if (statusToken === null) throw new TypeError('a removal without a status token');
    return this.requestExpunge.statusUrlOf({ statusToken });
  }
}

const knownOf = ({ tenant, contact }: Seen) => ({
  company: tenant.name,
  privacyContact: tenant.privacyContact,
  contactLanguage: contact.language,
  tenantLanguages: tenant.languages,
});

const consentShown = ({ consent }: Contact, { everOptedIn }: Ask): ConsentShown =>
  consent === 'declined' && everOptedIn ? 'withdrawn' : consent;

/** Holds and the kill switch only put it off, and are not told. */
function silenceEnds(ask: Ask, { decision, contact }: Seen): SilenceEnds {
  if (decision === 'disable' || contact.candidateSubject !== null) return 'never';
  if (ask.removesNobody || ask.everOptedIn) return 'never';
  return ask.timeEnds;
}

async function readAsk(tx: EntityManager, token: string, contact: Contact): Promise<Ask | undefined> {
  const linked = await askOfLink(tx, token, contact);
  if (!linked) return undefined;
  const { now, ask, timeOver, everOptedIn } = linked;
  const all = await asksOf(tx, contact.tenantId, [contact.id]);
  const endsAt = endOfSilence(all);
  const expired = timeOver && !everOptedIn && (endsAt === null || !canGoForSilence(contact));
  const { emailId, addressChanged } = ask;
  const removesNobody = endsAt === null && !mayYetEnd(all);
  return {
    emailId,
    addressChanged,
    expired,
    everOptedIn,
    removesNobody,
    timeEnds: timeEnds(all, { ask, endsAt, now }),
  };
}

const canGoForSilence = ({ state, candidateSubject }: Contact): boolean =>
  state === 'active' && candidateSubject === null;

/** A mail that says who is removed, and when, is on its way or is written once more. */
function mayYetEnd(all: readonly SentAsk[]): boolean {
  if (all.some((one) => cameBackForGood(one) && !one.addressChanged)) return false;
  return all.some(
    ({ graceSeconds, stopped, acceptedAt, bounceKind }) =>
      graceSeconds > 0 && !stopped && (acceptedAt === null || bounceKind === 'soft'),
  );
}

/** Of a mail that was not accepted yet, and while another may still move the end, only the mail itself is sure to be right. */
function timeEnds(
  all: readonly SentAsk[],
  { ask, endsAt, now }: { readonly ask: OptInAsk; readonly endsAt: Date | null; readonly now: Date },
): Ask['timeEnds'] {
  if (endsAt === null || ask.acceptedAt === null) return 'named-in-mail';
  if (endsAt > now) return endsAt;
  return all.some((one) => isUnderWay(one, now)) ? 'named-in-mail' : 'over';
}
