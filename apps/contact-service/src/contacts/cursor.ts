import { isUUID } from 'class-validator';
import { InvalidInput } from '#service';

/** Where a page ended. The key may be a name, which is why cursors travel in bodies and never in addresses. */
export interface Cursor {
  readonly key: string;
  readonly id: string;
}

export const encodeCursor = ({ key, id }: Cursor): string =>
  Buffer.from(JSON.stringify([key, id])).toString('base64url');

/** Throws InvalidInput for what {@link encodeCursor} has not made, or not for keys that begin with `prefix`. */
export function decodeCursor(cursor: string, prefix: string): Cursor {
  const [key, id] = parse(cursor);
  // A NUL, or half a surrogate pair, would be an error of the database.
  const usable = typeof key === 'string' && key.startsWith(prefix) && key.isWellFormed() && !/\p{Cc}/u.test(key);
  if (!usable || !isUUID(id))
    throw new InvalidInput([{ field: 'cursor', message: 'must be the next of another page' }]);
  return { key, id: String(id) };
}

function parse(cursor: string): unknown[] {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    return Array.isArray(content) ? content : [];
  } catch {
    return [];
  }
}
