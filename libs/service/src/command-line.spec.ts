import { expect, test } from '@jest/globals';
import { parseCommand } from './command-line.js';

const ID = '6f1c1d5e-8f4f-4f0c-9c58-2f4b5a1d7e01';
const HASH = 'ab'.repeat(32);

test.each<[string, unknown]>([
  ['', { name: 'serve' }],
  ['serve', { name: 'serve' }],
  ['migrate', { name: 'migrate' }],
  ['--help', { name: 'help' }],
  ['dead-letters list', { name: 'dead-letters', command: { action: 'list' } }],
  ['dead-letters replay --all', { name: 'dead-letters', command: { action: 'replay', which: 'all' } }],
  [`dead-letters replay ${ID} ${ID}`, { name: 'dead-letters', command: { action: 'replay', which: [ID, ID] } }],
  ['audit verify', { name: 'audit', command: { action: 'verify', heads: [] } }],
  [
    `audit verify --head ${ID}:7:${HASH}`,
    { name: 'audit', command: { action: 'verify', heads: [{ tenantId: ID, n: 7, hash: HASH }] } },
  ],
  ['audit verify --help', { name: 'help' }],
  ['doctor', { name: 'doctor', command: {} }],
  ['doctor --partitions 4', { name: 'doctor', command: { partitions: 4 } }],
  [`dead-letters discard ${ID}`, { name: 'dead-letters', command: { action: 'discard', id: ID } }],
])('When the arguments are "%s", then they are understood', (line, command) => {
  expect(parseCommand(line.split(' ').filter(Boolean))).toEqual(command);
});

test.each([
  'start',
  'migrate now',
  'doctor --partitions',
  'doctor --partitions none',
  'doctor now',
  'dead-letters',
  'dead-letters list x',
  'dead-letters replay',
  'dead-letters replay x',
  'audit',
  'audit verify --head',
  `audit verify --head ${ID}:0:${HASH}`,
  `audit verify --head ${ID}:7:abc`,
  `audit verify --tail ${ID}:7:${HASH}`,
])('When the arguments are "%s", then nothing is guessed', (line) => {
  expect(parseCommand(line.split(' '))).toBeUndefined();
});

test.each([`dead-letters replay --all ${ID}`, `dead-letters discard ${ID} ${ID}`, 'dead-letters discard --all'])(
  'When "%s" could do more than was meant, then it does nothing',
  (line) => {
    expect(parseCommand(line.split(' '))).toBeUndefined();
  },
);
