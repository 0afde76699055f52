import { expect, test } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { safeError, SafeMessageError } from './safe-error.js';

const SECRET = 'jane.doe@example.com';

class OurOwn extends SafeMessageError {}

const driverError = Object.assign(new Error(`duplicate key value: ${SECRET}`), {
  code: '23505',
  table: 'contact',
  constraint: 'contact_address',
  detail: `Key (email)=(${SECRET}) already exists.`,
  where: SECRET,
});

const thrown: [string, unknown][] = [
  ['an error', new TypeError(`cannot read ${SECRET}`)],
  ['a database error', new QueryFailedError('INSERT INTO contact VALUES ($1)', [SECRET], driverError)],
  ['a chain of causes', new OurOwn('Ours.', { cause: new Error(SECRET, { cause: driverError }) })],
  ['several errors at once', new AggregateError([new Error(SECRET), driverError], SECRET)],
  ['a text', SECRET],
  ['an object', { message: SECRET, code: SECRET, stack: SECRET }],
  ['a message that looks like a stack', new Error(`note:\n    at ${SECRET}\n    at home (${SECRET}:1:1)`)],
  ['a message changed after it was thrown', Object.assign(new Error(`\n    at ${SECRET}`), { message: 'changed' })],
  ['a name and a code that quote data', Object.assign(new Error('x'), { name: SECRET, code: SECRET })],
  ['a cause that is no error', new OurOwn('Ours.', { cause: SECRET })],
];

test.each(thrown)('When %s is thrown, then nothing it quotes is told', (_, error) => {
  expect(JSON.stringify(safeError(error))).not.toContain(SECRET);
});

test('When an error is ours, then its message is told, and those of its causes are not', () => {
  const told = safeError(new OurOwn('The store is full.', { cause: new TypeError(SECRET) }));
  expect(told).toMatchObject({ name: 'OurOwn', message: 'The store is full.', cause: { name: 'TypeError' } });
  expect(told.cause).not.toHaveProperty('message');
});

test('When a database refuses, then code, table and constraint are told', () => {
  const told = safeError(new QueryFailedError('INSERT', [], driverError));
  expect(told).toMatchObject({ name: 'QueryFailedError', code: '23505', table: 'contact' });
  expect(told.constraint).toBe('contact_address');
});

test('When an error has a stack, then its frames are told', () => {
  expect(safeError(new Error('several\nlines')).stack?.[0]).toMatch(/^at .*safe-error\.spec/);
});

test('When causes make a circle, then the telling ends', () => {
  const error = new Error('a');
  error.cause = error;
  expect(safeError(error)).toMatchObject({ name: 'Error', cause: { name: 'Error' } });
});
