import Encoder from 'kafkajs/src/protocol/encoder.js';

const SMALLEST = 64;

/** What the constructor of kafkajs' encoder asks for unless told: then room is made when it is known how much. */
const UNLESS_TOLD = 511;

/**
 * kafkajs 2.2.4 takes a new, zeroed memory block of 512 bytes for each record and for each of its headers: nine for one of
 * our messages, which costs more in garbage collection than all else a relay does. Taken from Node's pool instead, in the
 * size that is needed. What is beyond the written part is never sent, so it need not be zeroed.
 */
export function leanEncoder(): void {
  if (Encoder.lean) return;
  const nextPowerOfTwo = Encoder.nextPowerOfTwo.bind(Encoder);
  Encoder.nextPowerOfTwo = (value) => (value === UNLESS_TOLD ? 0 : nextPowerOfTwo(value));
  Encoder.prototype.ensureAvailable = function (length) {
    const needed = this.offset + length;
    if (needed <= this.buf.length) return;
    const larger = Buffer.allocUnsafe(Math.max(SMALLEST, nextPowerOfTwo(needed)));
    this.buf.copy(larger, 0, 0, this.offset);
    this.buf = larger;
  };
  Encoder.lean = true;
}
