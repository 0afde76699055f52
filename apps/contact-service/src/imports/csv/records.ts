import { Readable, pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { csvOptions } from './csv-options.js';
import type { StagedEncoding } from './text-bytes.js';

/**
 * The rows of a staged file without its header, in chunks of `size`, from the row with this index on (0 is the first). Holds
 * about one piece at a time. Whoever stops before the end calls `return`.
 */
export async function* recordsOf(
  pieces: AsyncIterable<Buffer>,
  { delimiter, encoding }: { delimiter: string; encoding: StagedEncoding },
  { from, size }: { from: number; size: number },
): AsyncGenerator<string[][]> {
  const parser = parse({ ...csvOptions(delimiter), from: from + 2 });
  const source = encoding === 'utf-8' ? pieces : decoded(pieces);
  // What goes wrong in it is thrown by the loop below.
  pipeline(Readable.from(source), parser, () => undefined);
  let chunk: string[][] = [];
  for await (const record of parser as AsyncIterable<string[]>) {
    chunk.push(record);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function* decoded(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('windows-1252');
  for await (const piece of pieces) yield decoder.decode(piece, { stream: true });
}
