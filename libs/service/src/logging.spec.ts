import { beforeEach, expect, test } from '@jest/globals';
import { runWithTrace } from '#messaging';
import { ServiceLogger } from './logging.js';

const ADDRESS = 'rosa.luna@example.org';
let lines: Record<string, unknown>[];
let logger: ServiceLogger;

beforeEach(() => {
  lines = [];
  logger = new ServiceLogger('contact-service', 'debug', {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
});

test('When text or an object is logged, then it is one flat line with service, context, time and level', () => {
  logger.log('started', 'Boot');
  logger.warn({ msg: 'slow', ms: 7 }, 'Boot');
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(lines).toEqual([
    { level: 'info', time, service: 'contact-service', context: 'Boot', msg: 'started' },
    { level: 'warn', time, service: 'contact-service', context: 'Boot', msg: 'slow', ms: 7 },
  ]);
});

test('When a message is handled, then its id and trace are on the line', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  runWithTrace(`00-${trace}-00f067aa0ba902b7-01`, 'message-1', () => logger.log('x'));
  expect(lines[0]).toMatchObject({ traceId: trace, messageId: 'message-1' });
});

test('When errors are logged, in any of the ways Nest does it, then their messages are not', () => {
  const error = new Error(`Key (email)=(${ADDRESS}) already exists`);
  logger.error(error, 'Any');
  logger.error({ msg: 'failed', error });
  logger.error('failed', error.stack, 'Any');
  logger.error({ msg: 'failed', reason: [{ error }] });
  expect(JSON.stringify(lines)).not.toContain(ADDRESS);
  expect(lines[0]).toMatchObject({ level: 'error', error: { name: 'Error' } });
  expect(lines[1]).toMatchObject({ msg: 'failed', error: { name: 'Error', stack: expect.any(Array) } });
});

test('When keys name personal data or secrets, then their values are masked at any depth', () => {
  const person = { email: ADDRESS, firstName: 'Rosa', phone: '1', postalAddress: 'x', sealedRecipient: 'x', salt: 'x' };
  logger.log({
    msg: 'x',
    contactId: 'c',
    rows: [{ person, statusToken: 't', Authorization: 'Bearer x', tenantId: 't' }],
  });
  const masked = Object.fromEntries(Object.keys(person).map((key) => [key, '[masked]']));
  const row = { person: masked, statusToken: '[masked]', Authorization: '[masked]', tenantId: 't' };
  expect(lines[0]).toMatchObject({ contactId: 'c', rows: [row] });
});

test('When something odd is logged, then logging does not fail', () => {
  const loop: Record<string, unknown> = { big: 1n, at: new Date(0), nothing: undefined };
  loop.self = loop;
  logger.log(loop);
  logger.log(undefined);
  logger.log(null, undefined);
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatchObject({ big: '1', at: '1970-01-01T00:00:00.000Z' });
});
