import type { ParsedMessage } from './parse-record.js';

/** Messages of one type and one tenant, to be handled by one call. */
export type Run = readonly [ParsedMessage, ...ParsedMessage[]];

/**
 * Groups a chunk into as few calls as isolation and order allow. Messages of one type and one tenant are handled
 * together; where a key occurs in several groups, what came first for that key is handled first.
 */
export function splitIntoRuns(messages: readonly ParsedMessage[]): Run[] {
  const runs: Run[] = [];
  let groups = new Map<string, [ParsedMessage, ...ParsedMessage[]]>();
  let groupOfKey = new Map<string, string>();
  for (const message of messages) {
    const group = `${message.binding.message.type} ${message.received.data.tenantId}`;
    const { key } = message.record;
    if ((groupOfKey.get(key) ?? group) !== group) {
      runs.push(...groups.values());
      groups = new Map();
      groupOfKey = new Map();
    }
    groupOfKey.set(key, group);
    const run = groups.get(group);
    if (run) run.push(message);
    else groups.set(group, [message]);
  }
  return [...runs, ...groups.values()];
}
