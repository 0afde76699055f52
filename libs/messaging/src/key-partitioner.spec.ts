import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PartitionerArgs, Partitioners } from 'kafkajs';
import { keyPartitioner } from './key-partitioner.js';

const args = (key: string | null, partitions: number): PartitionerArgs => ({
  topic: 'contact.events',
  partitionMetadata: Array.from({ length: partitions }, (_, partitionId) => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 1,
    replicas: [1],
    isr: [1],
  })),
  message: { key, value: null },
});

test('When a key is given, then its partition is the one that the other Kafka clients choose', () => {
  const theirs = Partitioners.DefaultPartitioner();
  const ours = keyPartitioner();
  const keys = fc.oneof(fc.uuid(), fc.string({ unit: 'binary', maxLength: 40 }));
  fc.assert(
    fc.property(keys, fc.integer({ min: 1, max: 50 }), (key, partitions) => {
      expect(ours(args(key, partitions))).toBe(theirs(args(key, partitions)));
    }),
    { numRuns: 2_000 },
  );
});

test('When there is no key, then there is no partition', () => {
  expect(() => keyPartitioner()(args(null, 4))).toThrow('without a key');
});
