import type { ParsedMessage } from './parse-record.js';

/** Messages of one type, to be handled by one call. */
export type Run = readonly [ParsedMessage, ...ParsedMessage[]];

/**
 * Groups a chunk into as few calls as the order allows. Messages of one type are handled together; where a key occurs
 * under several types, what came first for that key is handled first.
 */
export function splitIntoRuns(messages: readonly ParsedMessage[]): Run[] {
  const runs: Run[] = [];
  let byType = new Map<string, [ParsedMessage, ...ParsedMessage[]]>();
  let typeOfKey = new Map<string, string>();
  for (const message of messages) {
    const { type } = message.binding.message;
    const { key } = message.record;
    if ((typeOfKey.get(key) ?? type) !== type) {
      runs.push(...byType.values());
      byType = new Map();
      typeOfKey = new Map();
    }
    typeOfKey.set(key, type);
    const run = byType.get(type);
    if (run) run.push(message);
    else byType.set(type, [message]);
  }
  return [...runs, ...byType.values()];
}
