import { v5 as uuidv5 } from 'uuid';
import type { Step } from '../actions/action.process.js';
import type { Outgoing } from '#contracts';
import type { EnrolmentState, IgnoredReason, Input } from './enrolment-state.process.js';
import { decide } from './enrolment.process.js';
import type { Given } from './enrolment-moves.process.js';

/** What happened to a contact: in one of its enrolments, or in all of them. */
export interface AddressedInput {
  readonly tenantId: string;
  readonly contactId: string;
  readonly enrolmentId?: string;
  readonly input: Input;
}

/** An enrolment as it is after all inputs. `timer` as in {@link Progress}. */
export interface Changed {
  readonly state: EnrolmentState;
  readonly timer?: Date | null;
}

export interface Folded {
  readonly changed: readonly Changed[];
  readonly messages: readonly Outgoing[];
  /** How many inputs came to nothing, by reason. */
  readonly ignored: Readonly<Partial<Record<IgnoredReason | 'not-enrolled', number>>>;
  /** The inputs that no enrolment is there for. */
  readonly unknown: readonly AddressedInput[];
}

export interface Loaded {
  readonly states: readonly EnrolmentState[];
  readonly stepsOf: (state: EnrolmentState) => readonly Step[];
  readonly now: Date;
}

/** The identity of a mail: asked for twice, sent once, also by a database that was restored from a backup. */
export const emailIdOf = (enrolmentId: string, step: number, attempt: number): string =>
  uuidv5(`${step}.${attempt}`, enrolmentId);

/** Takes each enrolment through its inputs in their order. */
export function foldInputs({ states, stepsOf, now }: Loaded, inputs: readonly AddressedInput[]): Folded {
  const byContact = Map.groupBy(states, ({ contactId }) => contactId);
  const present = new Map(states.map((state): [string, Changed] => [state.enrolmentId, { state }]));
  const changed = new Set<string>();
  const messages: Outgoing[] = [];
  const ignored: Partial<Record<IgnoredReason | 'not-enrolled', number>> = {};
  const unknown: AddressedInput[] = [];
  for (const addressed of inputs) {
    const ids = enrolmentsFor(addressed, byContact.get(addressed.contactId) ?? []);
    if (ids.length === 0) {
      unknown.push(addressed);
      count(ignored, 'not-enrolled');
    }
    for (const id of ids) {
      const before = present.get(id)!;
      const decision = decide(before.state, addressed.input, givenFor(before.state, stepsOf, now));
      if ('ignored' in decision) {
        count(ignored, decision.ignored);
        continue;
      }
      const timer = decision.timer === undefined ? before.timer : decision.timer;
      present.set(id, { state: decision.state, timer });
      changed.add(id);
      messages.push(...decision.messages);
    }
  }
  return { changed: [...changed].map((id) => present.get(id)!), messages, ignored, unknown };
}

function enrolmentsFor({ enrolmentId }: AddressedInput, ofContact: readonly EnrolmentState[]): string[] {
  const ids = ofContact.map((state) => state.enrolmentId);
  return enrolmentId === undefined ? ids : ids.filter((id) => id === enrolmentId);
}

const givenFor = (state: EnrolmentState, stepsOf: Loaded['stepsOf'], now: Date): Given => ({
  steps: stepsOf(state),
  now,
  emailId: (step, attempt) => emailIdOf(state.enrolmentId, step, attempt),
});

function count<K extends string>(counts: Partial<Record<K, number>>, key: K): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
