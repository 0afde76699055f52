import { leftOf, storedOf } from '../databases.js';
import { type Facts, PARTICIPANTS, type RequestRow } from './facts.js';
import { both, each, type Finding, type Invariant } from './invariant.js';
import { expectedOf } from './who.js';

const expungedEvents = ({ records }: Facts) => records.filter(({ topic }) => topic === 'contact.expunged');

const requestsOf = ({ requests }: Facts): Map<string, RequestRow[]> =>
  Map.groupBy(requests, ({ contact_id: contactId }) => contactId);

/** Done, or shown to the officer as what it is. */
function notDone(requests: readonly RequestRow[] | undefined): string | undefined {
  const [request, ...others] = requests ?? [];
  if (!request) return 'has no request';
  if (others.length > 0) return `has ${others.length + 1} requests`;
  if (request.state === 'confirmed' || (request.state === 'expunged' && request.confirmation_failed)) return undefined;
  return `is ${request.state}`;
}

export const ACCEPTED_COMPLETES: Invariant = {
  name: 'every accepted removal is complete, or visibly not',
  look(facts) {
    const { accepted } = expectedOf(facts);
    const requests = requestsOf(facts);
    const answers = facts.deeds.filter(({ what }) => what === 'removal-answered' || what === 'hidden-answered');
    return both(
      each(accepted, (id) => {
        const wrong = notDone(requests.get(id));
        return wrong && `${id} ${wrong}`;
      }),
      each(answers, ({ role, answer, contactId }) => {
        const right = role === 'hidden' ? answer === 'disabled' : answer === 'expunging' || answer === 'gone';
        return right ? undefined : `${contactId} was answered ${answer}`;
      }),
    );
  },
};

export const SILENT_GO: Invariant = {
  name: 'everybody who was asked and stayed silent is removed',
  look(facts) {
    const { silent, lost } = expectedOf(facts);
    const requests = requestsOf(facts);
    return both(
      each(silent, (id) => {
        const wrong = notDone(requests.get(id));
        return wrong && `${id} ${wrong}`;
      }),
      each(lost, () => 'an imported person was never asked'),
    );
  },
};

export const TOLD_ONCE: Invariant = {
  name: 'exactly one ContactExpunged for each, and none for others',
  look(facts) {
    const { accepted, silent, tooLate } = expectedOf(facts);
    const told = Map.groupBy(expungedEvents(facts), ({ key }) => key);
    return both(
      each([...accepted, ...silent], (id) => {
        const said = new Set((told.get(id) ?? []).map(({ value }) => value));
        return said.size === 1 ? undefined : `${id} has ${said.size} different events`;
      }),
      each(told.keys(), (id) => {
        return accepted.has(id) || silent.has(id) || tooLate.has(id) ? undefined : `${id} was not to be expunged`;
      }),
    );
  },
};

export const EVIDENCE_FIRST: Invariant = {
  name: 'no completion without all evidence',
  look(facts) {
    const acks = new Set(
      facts.records
        .filter(({ type }) => type === 'ContactDataErased.v1')
        .map(({ value, headers }) => `${(JSON.parse(value) as { expungeId: string }).expungeId} ${headers.ce_source}`),
    );
    const complete = facts.requests.filter(({ completed_at: at }) => at !== null);
    return each(complete, ({ expunge_id: id, participants, completed_at: completedAt }) => {
      for (const name of PARTICIPANTS) {
        const proof = participants.find((one) => one.name === name);
        const clean = proof?.outcome && proof.stores?.length && proof.stores.every(({ remaining }) => remaining === 0);
        if (!clean) return `${id} has no evidence of ${name}`;
        if (Date.parse(proof.at!) > completedAt!.getTime()) return `${id} was complete before ${name} had erased`;
        if (!acks.has(`${id} ${name}`)) return `${id}: ${name} never said so`;
      }
      return undefined;
    });
  },
};

export const GONE_BEFORE_TOLD: Invariant = {
  name: 'no event before the data is gone',
  look(facts) {
    const sightings = facts.folder.all('sightings');
    const seen = new Set(sightings.map(({ contactId }) => contactId));
    const told = new Map(expungedEvents(facts).map(({ key, value }) => [key, value]));
    return both(
      each(sightings, ({ contactId, left }) =>
        left.length === 0 ? undefined : `${contactId} was still in ${left.join(', ')}`,
      ),
      each(told, ([contactId, value]) => {
        if (!seen.has(contactId)) return `${contactId} was not looked for`;
        const { expungeId, completedAt } = JSON.parse(value) as { expungeId: string; completedAt: string };
        for (const name of PARTICIPANTS) {
          const tombstone = facts.tombstones.get(name)?.get(contactId);
          if (tombstone?.expunge_id !== expungeId) return `${contactId} has no tombstone in ${name}`;
          if (tombstone.erased_at.getTime() > Date.parse(completedAt))
            return `${contactId} outlived its event in ${name}`;
        }
        return undefined;
      }),
    );
  },
};

export const NOTHING_LEFT: Invariant = {
  name: 'nothing of an expunged contact is anywhere, or came back',
  async look(facts) {
    const ids = [...new Set(expungedEvents(facts).map(({ key }) => key))];
    const left = await leftOf(facts.databases, ids);
    return each(ids, (id) => (left.has(id) ? `${id} is in ${left.get(id)!.join(', ')}` : undefined));
  },
};

export const CONTROLS_UNTOUCHED: Invariant = {
  name: 'control contacts are the same to the byte',
  async look(facts): Promise<Finding> {
    const seen = facts.deeds.filter(({ what }) => what === 'seen');
    const now = await Promise.all(seen.map(({ contactId }) => storedOf(facts.databases, contactId!)));
    return each(seen.keys(), (n) => (now[n] === seen[n]!.answer ? undefined : `${seen[n]!.contactId} has changed`));
  },
};

interface ContactRow {
  readonly id: string;
  readonly state: string;
  readonly consent: string;
}

export const NOBODY_WRONGLY: Invariant = {
  name: 'nobody is erased who agreed, was only hidden, or had time left',
  async look(facts) {
    const { keep, silent, tooLate } = expectedOf(facts);
    const rows = await facts.databases.rows<ContactRow & Record<string, unknown>>(
      'contact_service',
      'SELECT id, state, consent FROM contact WHERE id = ANY($1::uuid[])',
      [[...keep.keys()]],
    );
    const contacts = new Map(rows.map((row) => [row.id, row]));
    const requests = requestsOf(facts);
    const acceptedAt = firstAcceptance(facts);
    return both(
      each(keep, ([id, role]) => {
        const contact = contacts.get(id);
        if (!contact) return `${id} (${role}) is gone`;
        if (requests.has(id)) return `${id} (${role}) has a request`;
        if (contact.state !== (role === 'hidden' ? 'disabled' : 'active')) return `${id} (${role}) is ${contact.state}`;
        return role.startsWith('agrees') && contact.consent !== 'opted-in' ? `${id} is not known to agree` : undefined;
      }),
      each([...silent, ...tooLate], (id) => {
        const [request] = requests.get(id) ?? [];
        if (!request) return undefined;
        const least = (acceptedAt.get(id) ?? Number.POSITIVE_INFINITY) + facts.run.graceSeconds * 1_000;
        return request.requested_at.getTime() >= least ? undefined : `${id} had time left`;
      }),
    );
  },
};

/** When the receiving server first took a mail that asks, by contact. */
function firstAcceptance({ mails, contactOfMail }: Facts): Map<string, number> {
  const first = new Map<string, number>();
  for (const { emailId, at, answered, certificate } of mails) {
    const id = contactOfMail.get(emailId);
    if (certificate !== undefined || id === undefined || answered !== 'accepted') continue;
    first.set(id, Math.min(first.get(id) ?? at, at));
  }
  return first;
}
