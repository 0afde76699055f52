import type { ICustomPartitioner } from 'kafkajs';

const SEED = 0x9747b28c;
const FACTOR = 0x5bd1e995;

/**
 * The partition of a record's key, as Kafka's own clients choose it: so others may produce for the same keys. kafkajs' does
 * the same sum with BigInts, which costs as much as writing the record.
 */
export const keyPartitioner: ICustomPartitioner = () => {
  return ({ partitionMetadata, message }) => {
    if (message.key == null) throw new TypeError('a message without a key has no place in the order');
    return (murmur2(Buffer.from(message.key)) & 0x7fffffff) % partitionMetadata.length;
  };
};

/** MurmurHash2, 32 bits, with the seed of Kafka's `Utils.murmur2`. */
function murmur2(bytes: Buffer): number {
  const whole = bytes.length - (bytes.length % 4);
  let hash = SEED ^ bytes.length;
  for (let at = 0; at < whole; at += 4) {
    const word = Math.imul(bytes.readInt32LE(at), FACTOR);
    hash = Math.imul(hash, FACTOR) ^ Math.imul(word ^ (word >>> 24), FACTOR);
  }
  if (whole < bytes.length) hash = Math.imul(hash ^ bytes.readUIntLE(whole, bytes.length - whole), FACTOR);
  hash = Math.imul(hash ^ (hash >>> 13), FACTOR);
  return hash ^ (hash >>> 15);
}
