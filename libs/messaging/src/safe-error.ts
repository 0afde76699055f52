import { types } from 'node:util';

/** An error, also one from another realm (Node's own ones under a test runner), where instanceof says no. */
export const isError = (value: unknown): value is Error => value instanceof Error || types.isNativeError(value);

/**
 * Base of errors whose message we wrote ourselves, as a constant sentence without data. Only these messages may be
 * logged: those of drivers and servers quote what they choke on (`Key (email)=(...)`, `550 <...> unknown`).
 */
export abstract class SafeMessageError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What may be logged of an error. */
export interface SafeError {
  readonly name: string;
  readonly message?: string;
  readonly code?: string;
  readonly table?: string;
  readonly constraint?: string;
  readonly stack?: string[];
  readonly cause?: SafeError;
}

const FRAMES = 12;
const FRAME = /^ {4}at .*(:\d+:\d+|<anonymous>|native|index \d+)\)?$/;
const MACHINE_WORD = /^[A-Za-z0-9_.-]{1,80}$/;

/** A loggable description of any thrown value: names, codes and stack frames, never a message that may quote data. */
export function safeError(error: unknown, depth = 0): SafeError {
  if (!isError(error)) return { name: typeof error };
  const driver: unknown = 'driverError' in error ? error.driverError : undefined;
  const fields = { ...machineWords(error), ...(isError(driver) ? machineWords(driver) : {}) };
  const cause = isError(error.cause) && depth < 3 ? { cause: safeError(error.cause, depth + 1) } : {};
  const message = error instanceof SafeMessageError ? { message: error.message } : {};
  const name = MACHINE_WORD.test(error.name) ? error.name : 'Error';
  return { name, ...message, ...fields, stack: frames(error), ...cause };
}

function machineWords(error: Error): { code?: string; table?: string; constraint?: string } {
  const words: Record<string, string> = {};
  for (const field of ['code', 'table', 'constraint'] as const) {
    const value: unknown = (error as unknown as Record<string, unknown>)[field];
    if (typeof value === 'string' && MACHINE_WORD.test(value)) words[field] = value;
  }
  return words;
}

/** Stack frames only: a stack begins with the message, whose lines may look like frames. */
function frames(error: Error): string[] {
  const stack = error.stack ?? '';
  const afterMessage = stack.slice(Math.max(stack.indexOf(error.message), 0) + error.message.length);
  const lines = afterMessage.split('\n').filter((line) => FRAME.test(line));
  return lines.slice(0, FRAMES).map((line) => line.trim());
}
