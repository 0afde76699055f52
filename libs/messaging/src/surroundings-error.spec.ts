import { expect, test } from '@jest/globals';
import kafkajs from 'kafkajs';
import { QueryFailedError } from 'typeorm';
import { isSurroundingsError } from './surroundings-error.js';

const withCode = (code: string, message = 'x') => Object.assign(new Error(message), { code });
const refused = (code: string) => new QueryFailedError('SELECT 1', [], withCode(code));

const states = ['08006', '25P02', '28P01', '40001', '40P01', '42P01', '42501', '42703', '53100', '55P03', '57014'];

test.each([...states, '57P01', '58030'])('When the database answers %s, then the work is retried', (code) => {
  expect(isSurroundingsError(refused(code))).toBe(true);
});

test.each(['22001', '22P02', '23502', '23505', '23514', 'P0001', 'XX000'])(
  'When the database answers %s, then the message is to blame',
  (code) => {
    expect(isSurroundingsError(refused(code))).toBe(false);
  },
);

test('When row-level security refuses a row, then the message is to blame; when a right is missing, then it is not', () => {
  const denied = (routine: string) =>
    new QueryFailedError('SELECT 1', [], Object.assign(withCode('42501'), { routine }));
  expect(isSurroundingsError(denied('ExecWithCheckOptions'))).toBe(false);
  expect(isSurroundingsError(denied('aclcheck_error'))).toBe(true);
});

const lost = [
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'Client was closed and is not queryable',
  'Query read timeout',
  'Cannot use a pool after calling end on the pool',
];

test.each(lost)('When the driver says "%s", then the work is retried', (text) => {
  expect(isSurroundingsError(new Error(text))).toBe(true);
  expect(isSurroundingsError(new QueryFailedError('SELECT 1', [], new Error(text)))).toBe(true);
});

test('When network or broker fail, then the work is retried', () => {
  expect(isSurroundingsError(withCode('ECONNREFUSED'))).toBe(true);
  expect(isSurroundingsError(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]))).toBe(true);
  expect(isSurroundingsError(new kafkajs.KafkaJSConnectionError('gone'))).toBe(true);
});

test('When a message only mentions a lost connection, or no error is thrown, then the message is to blame', () => {
  expect(isSurroundingsError(new TypeError('note: Connection terminated'))).toBe(false);
  expect(isSurroundingsError({ code: '40P01' })).toBe(false);
  expect(isSurroundingsError('Connection terminated')).toBe(false);
});
