import { safeError } from '#messaging';

const PERSONAL =
  /^(sealed.*|.*e?mail|.*name|.*phone|.*address|.*salt|authorization|.*token|.*secret|.*password|cookie)$/i;
/** Under these keys stands what safeError made: there `name` is the class of an error, not of a person. */
const ERRORS = new Set(['error', 'cause']);
const DEEPEST = 6;

/**
 * The belt under the braces: a copy for the log in which the values of keys that name personal data or secrets are
 * masked, wherever they are, and errors are described by safeError. Code must still not log such values at all.
 */
export function redact(value: unknown): Record<string, unknown> {
  if (value instanceof Error) return { msg: 'error', error: safeError(value) };
  if (typeof value !== 'object' || value === null) return { msg: String(value) };
  return copyProperties(value, '', 0);
}

function copy(value: unknown, key: string, depth: number): unknown {
  if (value instanceof Error) return safeError(value);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => copy(item, key, depth + 1));
  return copyProperties(value, key, depth + 1);
}

function copyProperties(value: object, parent: string, depth: number): Record<string, unknown> {
  const masked = (key: string): boolean => PERSONAL.test(key) && !(key === 'name' && ERRORS.has(parent));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, masked(key) ? '[masked]' : copy(item, key, depth)]),
  );
}
