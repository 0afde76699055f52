import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { readdirSync, readFileSync } from 'node:fs';
import { MESSAGES } from './catalogue.js';
import { asyncApi } from './documentation/asyncapi.js';
import { eventType, type MessageClass } from './message.js';
import { TOPICS } from './topics.js';

const SAMPLES = 'libs/contracts/samples';
const sampleOf = (message: MessageClass): Record<string, unknown> =>
  JSON.parse(readFileSync(`${SAMPLES}/${eventType(message)}.json`, 'utf8'));

const problems = (message: MessageClass, data: object): string[] =>
  validateSync(plainToInstance(message, data), { whitelist: true, forbidNonWhitelisted: true }).map(
    (error) => error.property,
  );

describe.each(MESSAGES.map((message) => [message.type, message] as const))('%s', (_, message) => {
  test('When the recorded sample is read, then it is valid', () => {
    expect(problems(message, sampleOf(message))).toEqual([]);
  });

  test('When a field of the sample is of the wrong type, then it is refused', () => {
    for (const field of Object.keys(sampleOf(message))) {
      expect(problems(message, { ...sampleOf(message), [field]: { wrong: true } })).toContain(field);
    }
  });

  test('When the sample is checked against the published schema, then it fits, and nothing with a wrong id does', () => {
    const { components } = asyncApi() as { components: { schemas: object } };
    const ajv = new Ajv2020({ strict: false });
    formats.default(ajv);
    ajv.addSchema({ $id: 'messages', components: { schemas: components.schemas } });
    const validate = ajv.getSchema(`messages#/components/schemas/${message.name}`)!;
    expect(validate(sampleOf(message))).toBe(true);
    expect(validate({ ...sampleOf(message), tenantId: 'not-an-id' })).toBe(false);
  });

  test('When it is sent, then a declared topic carries it', () => {
    expect(Object.keys(TOPICS)).toContain(message.topic);
  });
});

test('When evidence names no store, then it is invalid: an empty answer proves nothing', () => {
  const erased = MESSAGES.find((message) => message.type === 'ContactDataErased')!;
  expect(problems(erased, { ...sampleOf(erased), stores: [] })).toEqual(['stores']);
});

test('When a message is added, then it has a recorded sample, and every sample has its message', () => {
  expect(readdirSync(SAMPLES).sort()).toEqual(MESSAGES.map((message) => `${eventType(message)}.json`).sort());
});

test('When the messages change, then the AsyncAPI document is made anew (npm run asyncapi)', () => {
  expect(JSON.parse(readFileSync('libs/contracts/asyncapi.json', 'utf8'))).toEqual(
    JSON.parse(JSON.stringify(asyncApi())),
  );
});
