import type { EntityManager } from 'typeorm';
import {
  ContactDataErased,
  ContactErasureRefused,
  type ContactExpunged,
  type EraseContactData,
  type EraseOutcome,
  message,
  type Outgoing,
  type StoreEvidence,
} from '#contracts';
import { failPoint, type Outbox, type Received, SafeMessageError, seeingEveryTenant } from '#messaging';
import { type Counts, deadLetters, type Store } from './store.js';
import { bury, lockOwnSubjects, lockSubjects, type Subject } from './subjects.js';

/** A contact that is erased now, and under which request. */
interface Erasing {
  readonly contactId: string;
  readonly expungeId: string;
}

/** How a service takes part in an expunge. */
export interface Participant {
  /** The name privacy-service knows it by, and the sender of its messages. */
  readonly name: string;
  /** Everything it holds of a contact. What others point to comes last. */
  readonly stores: readonly Store[];
  /** What must be written down before the data it is taken from goes; the subjects are locked. */
  readonly beforeErase?: (tx: EntityManager, contacts: readonly Erasing[]) => Promise<void>;
  /** Contacts it must not delete, with a reason code. They are answered with a refusal and stay visible. */
  readonly refuse?: (tx: EntityManager, commands: readonly EraseContactData[]) => Promise<ReadonlyMap<string, string>>;
  /** Contacts it cannot delete at this moment. They are not answered, and asked for again later. */
  readonly defer?: (tx: EntityManager, commands: readonly EraseContactData[]) => Promise<ReadonlySet<string>>;
}

/** Rows were found again after the deletion: the batch is undone, nothing is claimed, the contact is asked for again. */
export class DataRemains extends SafeMessageError {
  constructor(store: string) {
    super(`The store ${store} still holds data after its deletion.`);
  }
}

/**
 * Carries out deletion commands and answers with evidence, in the caller's transaction: locks the subjects, deletes from
 * every store, counts again, writes the tombstones, answers. The number of statements does not depend on the number of
 * contacts. Asked again for the same request it repeats the stored evidence.
 */
export async function eraseContacts(
  participant: Participant,
  outbox: Outbox,
  messages: readonly Received<EraseContactData>[],
  tx: EntityManager,
): Promise<void> {
  const commands = commandsFor(participant, messages);
  const subjects = await lockOwnSubjects(tx, commands);
  failPoint('erase.locked');
  const refused = await refusals(participant, commands, subjects, tx);
  const deferred = (await participant.defer?.(tx, commands)) ?? new Set<string>();
  const answered = commands.filter(({ contactId }) => refused.has(contactId) || !deferred.has(contactId));
  const due = answered.filter((command) => !refused.has(command.contactId) && !storedEvidence(command, subjects));
  const evidence = await eraseAndBury(participant, due, tx);
  const answers = answered.map((command): Outgoing => {
    const { tenantId, contactId, expungeId } = command;
    const about = { tenantId, contactId, expungeId, participant: participant.name };
    const reason = refused.get(contactId);
    if (reason !== undefined) return message(ContactErasureRefused, { ...about, reason, at: now() });
    return message(ContactDataErased, { ...about, ...(storedEvidence(command, subjects) ?? evidence(contactId)) });
  });
  failPoint('erase.buried');
  await outbox.add(tx, answers);
}

/**
 * Makes sure that contacts known to be expunged are gone from here, and stay gone: used when a database is new or was
 * restored from a backup. Answers nothing; does nothing for contacts that have their tombstone already. An event that
 * names another tenant than the contact's is refused by `lockSubjects`, and so parked.
 */
export async function rememberExpunged(
  participant: Participant,
  messages: readonly Received<ContactExpunged>[],
  tx: EntityManager,
): Promise<void> {
  const events = [...new Map(messages.map(({ data }) => [data.contactId, data])).values()];
  const subjects = await lockSubjects(tx, events);
  const missing = events.filter((event) => !subjects.get(event.contactId)?.tombstone);
  await eraseAndBury(participant, missing, tx);
}

/** The commands addressed to this participant, the newest one per contact. */
function commandsFor(participant: Participant, messages: readonly Received<EraseContactData>[]): EraseContactData[] {
  const mine = messages.map(({ data }) => data).filter((command) => command.participants.includes(participant.name));
  return [...new Map(mine.map((command) => [command.contactId, command])).values()];
}

/** What is said of a contact in an answer. */
interface Proof {
  readonly outcome: EraseOutcome;
  readonly stores: StoreEvidence[];
  readonly at: string;
}

function storedEvidence(command: EraseContactData, subjects: ReadonlyMap<string, Subject>): Proof | undefined {
  const tombstone = subjects.get(command.contactId)?.tombstone;
  if (tombstone?.expungeId !== command.expungeId) return undefined;
  return { outcome: tombstone.outcome, stores: [...tombstone.stores], at: tombstone.erasedAt.toISOString() };
}

async function refusals(
  participant: Participant,
  commands: readonly EraseContactData[],
  subjects: ReadonlyMap<string, Subject>,
  tx: EntityManager,
): Promise<Map<string, string>> {
  const foreign = commands.filter((command) => !subjects.has(command.contactId));
  const open = commands.filter(
    (command) => subjects.has(command.contactId) && !subjects.get(command.contactId)?.tombstone,
  );
  const own = await participant.refuse?.(tx, open);
  return new Map([...(own ?? []), ...foreign.map((command): [string, string] => [command.contactId, 'wrong-tenant'])]);
}

/** Deletes, counts again and writes the tombstones; the result tells the proof for each contact. */
async function eraseAndBury(
  { stores, beforeErase }: Participant,
  contacts: readonly Erasing[],
  tx: EntityManager,
): Promise<(contactId: string) => Proof> {
  const at = now();
  const contactIds = contacts.map(({ contactId }) => contactId);
  const held = contacts.length > 0 ? [deadLetters, ...stores] : [];
  if (contacts.length > 0) await beforeErase?.(tx, contacts);
  const erased = new Map<Store, Counts>();
  for (const store of held) erased.set(store, await store.erase(tx, contactIds));
  if (held.length > 0) failPoint('erase.deleted');
  await assertNothingRemains(tx, held, contactIds);
  const proof = (contactId: string): Proof => {
    const evidence = held.map((store): StoreEvidence => {
      return { store: store.name, erased: erased.get(store)?.get(contactId) ?? 0, remaining: 0 };
    });
    return { outcome: evidence.some((one) => one.erased > 0) ? 'erased' : 'nothing_held', stores: evidence, at };
  };
  await bury(
    tx,
    contacts.map(({ contactId, expungeId }) => ({ contactId, expungeId, ...proof(contactId) })),
  );
  return proof;
}

/** Counts without a tenant's filter: a wrong tenant setting must never pass for a contact that is not held. */
async function assertNothingRemains(tx: EntityManager, stores: readonly Store[], contactIds: readonly string[]) {
  if (stores.length === 0) return;
  await seeingEveryTenant(tx, async () => {
    for (const store of stores) {
      const remaining = await store.remaining(tx, contactIds);
      if ([...remaining.values()].some((rows) => rows > 0)) throw new DataRemains(store.name);
    }
  });
}

const now = (): string => new Date().toISOString();
