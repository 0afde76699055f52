/** What can happen, as plain data: a history can be printed, shrunk and played again. Contacts are numbers, the newest is 0. */
import fc from 'fast-check';

export const CONTACTS = 40;
export const HOUR = 3_600_000;
const DAY_HOURS = 24;
const DAY_SECONDS = 86_400;

const ASK = { action: 'send-opt-in' };
const wait = (days: number) => ({ action: 'wait', seconds: days * DAY_SECONDS });

const askFor = (linkDays: number) => ({ ...ASK, linkValidSeconds: linkDays * DAY_SECONDS });
const REMIND = { action: 'send-reminder' };
const EXPUNGE = { action: 'expunge' };

/** The workflows clients set up here. Some links live exactly as long as they must, others longer. */
export const WORKFLOWS = {
  'two days': [askFor(2), wait(2), EXPUNGE],
  'thirty days': [ASK, wait(30), EXPUNGE],
  'with a reminder': [askFor(8), wait(5), REMIND, wait(3), EXPUNGE],
  'with a late reminder': [ASK, wait(5), REMIND, wait(1), EXPUNGE],
  'only asks': [ASK, wait(1)],
} as const;
export type WorkflowName = keyof typeof WORKFLOWS;

const ANSWERS = ['opt-in', 'decline', 'one-click'] as const;
const FATES = ['accepted', 'delayed', 'refused', 'soft', 'hard', 'complaint'] as const;
const RIVALS = ['opt-in', 'hold', 'stop', 'policy-off', 'kill-switch', 'hard-bounce'] as const;
export const QUEUES = [
  'contact.commands',
  'contact.events',
  'notification.events',
  'workflow.commands',
  'expunge.commands',
  'contact.expunged',
] as const;

type Who = readonly number[];
/** The contact's newest mail, or its first. */
export type WhichMail = 'newest' | 'first';
export type Answer = (typeof ANSWERS)[number];
export type Fate = (typeof FATES)[number];
export type Rival = (typeof RIVALS)[number];

export type Operation =
  | { readonly op: 'answer'; readonly who: Who; readonly answer: Answer; readonly mail: WhichMail }
  /** notification-service tells what became of a mail; its clock may be wrong by so many hours. */
  | { readonly op: 'mail'; readonly who: Who; readonly fate: Fate; readonly mail: WhichMail; readonly skew: number }
  | { readonly op: 'accept-all' }
  | { readonly op: 'hold'; readonly who: Who; readonly hours: number | null }
  | { readonly op: 'lift'; readonly who: Who }
  | { readonly op: 'stop'; readonly who: Who }
  | { readonly op: 'new-address'; readonly who: Who }
  | { readonly op: 'policy' | 'kill-switch'; readonly tenant: number; readonly on: boolean }
  | { readonly op: 'edit'; readonly tenant: number; readonly workflow: WorkflowName }
  | { readonly op: 'archive'; readonly tenant: number }
  | { readonly op: 'start'; readonly tenant: number; readonly workflow: WorkflowName; readonly existing: boolean }
  | { readonly op: 'add'; readonly count: number }
  /** So much time goes by in which all works as it should; mails are accepted, or wait. */
  | { readonly op: 'live'; readonly hours: number; readonly accept: boolean }
  | { readonly op: 'pass'; readonly hours: number }
  | { readonly op: 'fire' | 'reconcile' | 'erase' | 'deliver-all' }
  /** Only this topic, and of it only the first messages of each partition, to one service. */
  | { readonly op: 'deliver'; readonly to: Reader; readonly topic: (typeof QUEUES)[number]; readonly share: number }
  /** Messages that were delivered before come again, under the same id or as news. */
  | { readonly op: 'repeat'; readonly picks: Who; readonly sameId: boolean }
  /** Commands that no sound workflow-service would send: of a grace period that is so many days longer than promised. */
  | Late<{ readonly op: 'rogue'; readonly who: Who; readonly mail: WhichMail; readonly longer: number }>
  /**
   * Something happens while a removal is judged: it was first in the queue for the locks, or comes after the look. Of the
   * first contact from this one on that may be removed.
   */
  | Late<{ readonly op: 'race'; readonly who: number; readonly rival: Rival; readonly first: 'rival' | 'removal' }>;

/** Before, workflow-service stood still for so many hours. */
type Late<O> = O & { readonly after: number };

export type Reader = 'contact-service' | 'workflow-service';

export interface History {
  /** What the two client companies begin with. */
  readonly workflows: readonly [WorkflowName, WorkflowName];
  /** Whether the first mails have arrived when it begins. */
  readonly accepted: boolean;
  readonly operations: readonly Operation[];
}

const op = <O extends Operation['op'], R extends object>(name: O, rest: { [K in keyof R]: fc.Arbitrary<R[K]> }) =>
  fc.record({ op: fc.constant(name), ...rest } as { [K in keyof R | 'op']: fc.Arbitrary<(R & { op: O })[K]> });
const oneOf = <T>(...values: T[]) => fc.constantFrom(...values);
const contact = fc.nat(CONTACTS - 1);
const who = fc.uniqueArray(contact, { minLength: 1, maxLength: 8 });
const many = fc.uniqueArray(contact, { minLength: 12, maxLength: CONTACTS, size: 'max' });
const tenant = fc.nat(1);
const mail = fc.constantFrom<WhichMail[]>('newest', 'newest', 'newest', 'first');
const anyMail = oneOf<WhichMail>('newest', 'first');
const workflow = oneOf<WorkflowName>(
  ...(Object.keys(WORKFLOWS) as WorkflowName[]),
  'with a reminder',
  'with a late reminder',
);
const skew = oneOf(0, 0, 0, -1, 1, -72, 72, -40 * DAY_HOURS, 40 * DAY_HOURS);
const hours = oneOf(1, 6, DAY_HOURS, DAY_HOURS, 2 * DAY_HOURS, 3 * DAY_HOURS, 5 * DAY_HOURS, 30 * DAY_HOURS);
/** The clocks may be put back, too. */
const step = oneOf(1, 6, DAY_HOURS, 2 * DAY_HOURS, 5 * DAY_HOURS, 30 * DAY_HOURS, -1, -DAY_HOURS, -3 * DAY_HOURS);

const after = oneOf(...[0, 0, 0, 1, 3, 7, 9, 32].map((days) => days * DAY_HOURS));

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 8, arbitrary: op('answer', { who, answer: oneOf(...ANSWERS), mail }) },
  {
    weight: 12,
    arbitrary: op('mail', { who, fate: oneOf<Fate>(...FATES, 'accepted', 'soft', 'hard'), mail: anyMail, skew }),
  },
  { weight: 5, arbitrary: op('accept-all', {}) },
  { weight: 3, arbitrary: op('hold', { who, hours: oneOf(null, DAY_HOURS, 20 * DAY_HOURS) }) },
  { weight: 2, arbitrary: op('lift', { who }) },
  { weight: 3, arbitrary: op('stop', { who }) },
  { weight: 2, arbitrary: op('new-address', { who }) },
  { weight: 2, arbitrary: op('policy', { tenant, on: oneOf(true, true, true, false) }) },
  { weight: 2, arbitrary: op('kill-switch', { tenant, on: oneOf(true, false, false, false) }) },
  { weight: 2, arbitrary: op('edit', { tenant, workflow }) },
  { weight: 1, arbitrary: op('archive', { tenant }) },
  { weight: 6, arbitrary: op('start', { tenant, workflow, existing: oneOf(true, true, false) }) },
  { weight: 16, arbitrary: op('live', { hours, accept: oneOf(true, true, false) }) },
  { weight: 4, arbitrary: op('add', { count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 6, arbitrary: op('pass', { hours: step }) },
  { weight: 8, arbitrary: oneOf<Operation>({ op: 'fire' }, { op: 'fire' }, { op: 'reconcile' }, { op: 'erase' }) },
  { weight: 5, arbitrary: op('deliver-all', {}) },
  {
    weight: 8,
    arbitrary: op('deliver', {
      to: oneOf<Reader>('contact-service', 'workflow-service'),
      topic: oneOf(...QUEUES),
      share: oneOf(0.3, 0.7, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: op('repeat', { picks: fc.array(fc.nat(79), { minLength: 1, maxLength: 12 }), sameId: fc.boolean() }),
  },
  {
    weight: 12,
    arbitrary: op('rogue', { who: many, mail: anyMail, longer: oneOf(0, 0, -28, -4, -1, 1, 1, 3, 6), after }),
  },
  {
    weight: 14,
    arbitrary: op('race', {
      who: contact,
      rival: oneOf(...RIVALS),
      first: oneOf<'rival' | 'removal'>('rival', 'removal'),
      after,
    }),
  },
);

export const histories: fc.Arbitrary<History> = fc.record({
  workflows: fc.tuple(workflow, workflow),
  accepted: oneOf(true, true, false),
  operations: fc.array(operation, { minLength: 20, maxLength: 60, size: 'max' }),
});

/** Short enough to be read in a test's output. */
export const told = ({ operations, ...start }: History): string =>
  [JSON.stringify(start), ...operations.map((one) => JSON.stringify(one))].join('\n  ');
