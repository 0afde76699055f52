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

const NUMBERS = [
  0,
  1,
  -1,
  63,
  64,
  -64,
  -65,
  127,
  128,
  8_191,
  8_192,
  2 ** 30 - 1,
  2 ** 30,
  -(2 ** 30),
  2 ** 31 - 1,
  -(2 ** 31),
];
const LONGS = [...NUMBERS, 2 ** 31, 2 ** 40, -(2 ** 40), Number.MAX_SAFE_INTEGER];

function numbers(): string[] {
  const sizes = LONGS.map((value) => String(Encoder.sizeOfVarLong(value)));
  const longs = LONGS.map((value) => encoder().writeVarLong!(value).buffer.toString('hex'));
  const ints = NUMBERS.map((value) => encoder().writeVarInt!(value).writeUVarInt!(value).buffer.toString('hex'));
  return [...sizes, ...longs, ...ints];
}

/** Everything kafkajs writes with: numbers, texts, bytes, and encoders within encoders. */
function written(): string[] {
  return [...numbers(), ...texts()];
}

function texts(): string[] {
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
