import { expect, test } from '@jest/globals';
import Encoder from 'kafkajs/src/protocol/encoder.js';
import { leanEncoder } from './lean-encoder.js';

type Writer = { [method: string]: (...values: unknown[]) => Writer } & { buffer: Buffer };
const encoder = (): Writer => new (Encoder as unknown as new () => Writer)();

const TEXTS = [
  '',
  'a',
  'Þórdís 🙂',
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(511),
  'y'.repeat(5_000),
  'z'.repeat(900_000),
];

/** Everything kafkajs writes with: numbers, texts, bytes, and encoders within encoders. */
function written(): string[] {
  return TEXTS.map((text) => {
    const header = encoder().writeVarIntString!('ce_id').writeVarIntBytes!(text);
    const record = encoder().writeVarInt!(text.length).writeInt8!(0).writeVarLong!(7).writeVarIntBytes!(
      Buffer.from(text),
    );
    record.writeVarIntArray!([header, header]);
    const batch = encoder().writeInt16!(3).writeInt32!(-1).writeInt64!(12).writeUVarInt!(300).writeString!(
      text.slice(0, 9),
    );
    return batch.writeBytes!(text).writeEncoder!(record).writeArray!([record], 'object').buffer.toString('base64');
  });
}

test('When the encoder takes its memory from the pool, then it writes the very same bytes', () => {
  const before = written();
  leanEncoder();
  leanEncoder();
  expect(written()).toEqual(before);
  // Memory of the pool is not empty: nothing of it may be seen.
  Buffer.allocUnsafe(4_000).fill(0xff);
  expect(written()).toEqual(before);
});
