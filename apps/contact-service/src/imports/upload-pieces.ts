import type { Readable } from 'node:stream';
import { HttpException, PayloadTooLargeException } from '@nestjs/common';

export const PIECE_BYTES = 262_144;

/** Nobody reads this answer: who was to get it has gone. */
const CLIENT_CLOSED_REQUEST = 499;

/**
 * An upload in pieces of a size that costs the database one row each, however it came in. Throws 413 past `mostBytes`. The
 * stream is not destroyed when the reader stops early: its other side is the connection the answer goes to.
 */
export async function* uploadPieces(upload: Readable, mostBytes: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let [size, total] = [0, 0];
  for await (const chunk of bytesOf(upload)) {
    total += chunk.length;
    if (total > mostBytes) throw new PayloadTooLargeException();
    waiting.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(waiting);
    [waiting, size] = [[], 0];
  }
  if (size > 0) yield Buffer.concat(waiting);
}

async function* bytesOf(upload: Readable): AsyncGenerator<Buffer> {
  try {
    yield* upload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    if (upload.destroyed) throw new HttpException('aborted', CLIENT_CLOSED_REQUEST);
    throw error;
  }
}
