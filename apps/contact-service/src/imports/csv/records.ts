import { Readable, pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { csvOptions, LONGEST_ROW_BYTES } from './csv-options.js';
import type { StagedEncoding } from './text-bytes.js';

/** Characters. A thousand rows as long as they may be would be a gigabyte. */
const LONGEST_CHUNK = 2 * LONGEST_ROW_BYTES;

/**
 * The rows of a staged file without its header, in chunks of `size`, or fewer when they are long, from the row with this index
 * on (0 is the first). Holds about one piece and one chunk at a time. Whoever stops before the end calls `return`.
 */
export async function* recordsOf(
  pieces: AsyncIterable<Buffer>,
  { delimiter, encoding }: { delimiter: string; encoding: StagedEncoding },
  { from, size }: { from: number; size: number },
): AsyncGenerator<string[][]> {
  // Byte by byte as when the structure was checked: decoded before, some rows would be longer than they were then.
  const parser = parse({
    ...csvOptions(delimiter),
    from: from + 2,
    encoding: encoding === 'utf-8' ? 'utf8' : 'latin1',
  });
  // What goes wrong in it is thrown by the loop below.
  pipeline(Readable.from(pieces), parser, () => undefined);
  let [chunk, length]: [string[][], number] = [[], 0];
  for await (const record of parser as AsyncIterable<string[]>) {
    chunk.push(encoding === 'utf-8' ? record : record.map(as1252));
    length += lengthOf(record);
    if (chunk.length < size && length < LONGEST_CHUNK) continue;
    yield chunk;
    [chunk, length] = [[], 0];
  }
  if (chunk.length > 0) yield chunk;
}

function lengthOf(record: readonly string[]): number {
  let length = 0;
  for (const value of record) length += value.length;
  return length;
}

const WINDOWS_1252 = new TextDecoder('windows-1252');

/** Text that was read as Latin-1: the two differ only where Latin-1 has control characters. */
const as1252 = (text: string): string =>
  /[\x80-\x9f]/.test(text) ? WINDOWS_1252.decode(Buffer.from(text, 'latin1')) : text;
