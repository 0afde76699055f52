import type { Outgoing } from '#contracts';
import { SafeMessageError } from '#messaging';
import type { ExpungeState, IgnoredReason, Input } from './expunge-state.process.js';
import { decide } from './expunge.process.js';

/**
 * Somebody speaks of a request that is not here, or is another tenant's and so invisible. It is parked, not dropped:
 * asking commits in the transaction that stores the request, so an answer cannot overtake it, and whoever sees this has
 * lost data (a restored backup) or a forged message before him.
 */
export class UnknownRequest extends SafeMessageError {
  constructor() {
    super('There is no expunge request of this tenant with this id.');
  }
}

export interface Folded {
  /** The requests that changed, each once, as they are after all inputs. */
  readonly changed: readonly ExpungeState[];
  readonly messages: readonly Outgoing[];
  /** How many inputs were ignored, by reason. */
  readonly ignored: Readonly<Partial<Record<IgnoredReason, number>>>;
}

/** Takes each request through its inputs in their order. Throws {@link UnknownRequest} before anything is decided. */
export function foldInputs(loaded: readonly ExpungeState[], inputs: readonly Input[]): Folded {
  const states = new Map(loaded.map((state) => [state.expungeId, state]));
  if (inputs.some(({ expungeId }) => !states.has(expungeId))) throw new UnknownRequest();
  const changed = new Map<string, ExpungeState>();
  const messages: Outgoing[] = [];
  const ignored: Partial<Record<IgnoredReason, number>> = {};
  for (const input of inputs) {
    const decision = decide(states.get(input.expungeId)!, input);
    if ('ignored' in decision) {
      ignored[decision.ignored] = (ignored[decision.ignored] ?? 0) + 1;
      continue;
    }
    states.set(input.expungeId, decision.state);
    changed.set(input.expungeId, decision.state);
    messages.push(...decision.messages);
  }
  return { changed: [...changed.values()], messages, ignored };
}
