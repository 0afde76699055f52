import type { Action } from './action.process.js';
import { expunge } from './expunge.process.js';
import { sendOptIn } from './send-opt-in.process.js';
import { sendReminder } from './send-reminder.process.js';
import { wait } from './wait.process.js';

/** All that a workflow can do. A new action is one file and one line here. */
export const ACTIONS = {
  'send-opt-in': sendOptIn,
  wait,
  'send-reminder': sendReminder,
  expunge,
} as const satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;
export const ACTION_NAMES = Object.keys(ACTIONS) as ActionName[];

/** The action of a step. Steps come from our own table, where only known actions are written. */
export function actionOf(name: string | undefined): Action | undefined {
  return Object.hasOwn(ACTIONS, name ?? '') ? ACTIONS[name as ActionName] : undefined;
}
