import { SERVICE_NAMES } from '#local';
import type { Malformed } from '../run-folder.js';
import { unfinished } from '../settle.js';
import { both, each, type Invariant } from './invariant.js';

export const DEAD_LETTERS: Invariant = {
  name: 'dead letters are exactly the malformed messages, with their reasons',
  look({ folder, deadLetters }) {
    const malformed = folder.all('malformed');
    const base64 = (value: string): string => Buffer.from(value).toString('base64');
    const expected = new Map(
      malformed.flatMap((one) =>
        one.parkedBy.map((service): [string, Malformed] => [
          `${service} ${one.topic} ${one.key} ${base64(one.value)}`,
          one,
        ]),
      ),
    );
    const found = SERVICE_NAMES.flatMap((service) =>
      (deadLetters.get(service) ?? []).map((letter) => ({
        ...letter,
        service,
        what: `${service} ${letter.topic} ${letter.key} ${letter.data}`,
      })),
    );
    const kinds = new Set(found.map(({ what }) => what));
    return both(
      each(expected, ([what, { reason }]) =>
        kinds.has(what) ? undefined : `${what.split(' ').slice(0, 3).join(' ')} (${reason}) was not parked`,
      ),
      each(found, ({ what, service, topic, key, reason }) => {
        const malformedOne = expected.get(what);
        if (!malformedOne) return `${service} has parked a good message of ${topic} about ${key}: ${reason}`;
        return reason.toLowerCase().includes(REASONS[malformedOne.reason] ?? malformedOne.reason)
          ? undefined
          : `${service} has parked ${malformedOne.reason} as ${reason}`;
      }),
    );
  },
};

/** Part of the sentence a handler gives. */
const REASONS: Readonly<Record<string, string>> = { seal: 'seal', sender: 'sender of this message' };

export const ORDER_KEPT: Invariant = {
  name: 'what a service says of one contact on one topic comes in the order it was said',
  look({ records }) {
    const said = Map.groupBy(records, ({ topic, key, headers }) => `${headers.ce_source} ${topic} ${key}`);
    return each(said, ([what, list]) => {
      const times = list.map(({ headers }) => Date.parse(headers.ce_time ?? ''));
      return times.every((time, n) => n === 0 || time >= times[n - 1]!) ? undefined : what;
    });
  },
};

export const AT_REST: Invariant = {
  name: 'outboxes, lag, timers, mails and imports are back to zero',
  async look({ databases, run, requests }) {
    const open = await unfinished(databases, run.brokers);
    const sealed = requests.filter(
      ({ state, sealed_recipient: recipient }) => state === 'confirmed' && recipient !== null,
    );
    return {
      checked: SERVICE_NAMES.length * 2 + 7 + requests.length,
      violations: [
        ...[...open].map(([name, n]) => `${n} ${name}`),
        ...sealed.map(({ expunge_id: id }) => `${id} keeps a sealed recipient`),
      ],
    };
  },
};
