import Encoder, { type KafkaEncoder } from 'kafkajs/src/protocol/encoder.js';

const SMALLEST = 64;
const LONGEST_VARINT_BYTES = 5;
/** Above it, twice the number no longer fits into 32 bits. */
const LARGEST_VARINT = 2 ** 30;

/** What the constructor of kafkajs' encoder asks for unless told: then room is made when it is known how much. */
const UNLESS_TOLD = 511;

/**
 * kafkajs 2.2.4 takes a new, zeroed memory block of 512 bytes for each record and for each of its headers, an array and a
 * block for each length it writes, and several BigInts for each timestamp: for one of our messages that costs more in
 * garbage collection than all else a relay does. Here memory comes from Node's pool in the size that is needed, and small
 * numbers are written as such. What is beyond the written part is never sent, so it need not be zeroed.
 */
export function leanEncoder(): void {
  if (Encoder.lean) return;
  leanMemory();
  leanNumbers();
  Encoder.lean = true;
}

function leanMemory(): void {
  const nextPowerOfTwo = Encoder.nextPowerOfTwo.bind(Encoder);
  Encoder.nextPowerOfTwo = (value) => (value === UNLESS_TOLD ? 0 : nextPowerOfTwo(value));
  Encoder.prototype.ensureAvailable = function (length) {
    const needed = this.offset + length;
    if (needed <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(SMALLEST, nextPowerOfTwo(needed)));
    this.buf.copy(larger, 0, 0, this.offset);
    this.buf = larger;
  };
}

/** Numbers of up to 30 bits have one form in Kafka's variable-length encoding, whether they are called int or long. */
function leanNumbers(): void {
  const { sizeOfVarLong } = Encoder;
  const { writeVarLong } = Encoder.prototype;
  Encoder.sizeOfVarLong = (value) => (isSmall(value) ? Encoder.sizeOfVarInt(value) : sizeOfVarLong(value));
  Encoder.prototype.writeVarLong = function (value) {
    return isSmall(value) ? this.writeVarInt(value) : writeVarLong.call(this, value);
  };
  Encoder.prototype.writeUVarInt = function (value): KafkaEncoder {
    this.ensureAvailable(LONGEST_VARINT_BYTES);
    let rest = value;
    for (; (rest & ~0x7f) !== 0; rest >>>= 7) this.buf[this.offset++] = (rest & 0x7f) | 0x80;
    this.buf[this.offset++] = rest;
    return this;
  };
}

const isSmall = (value: unknown): value is number =>
  typeof value === 'number' && value > -LARGEST_VARINT && value < LARGEST_VARINT;
