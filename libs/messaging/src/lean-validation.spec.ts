import { beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, IsInt, IsString, registerDecorator, validateSync } from 'class-validator';
import { eventType, MESSAGES, type MessageClass } from '#contracts';
import { leanValidation } from './lean-validation.js';

const WRONG = [undefined, null, '', 'x', 0, -1, 1.5, true, [], [{}], [null], ['x', 1], {}, { a: 1 }];

/** The recorded sample, each of its fields wrong in every way, without it, and with a field nobody knows. */
function* variantsOf(message: MessageClass): Generator<object> {
  const file = `libs/contracts/samples/${eventType(message)}.json`;
  const sample = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  yield sample;
  yield { ...sample, unknown: 1 };
  for (const field of Object.keys(sample)) for (const wrong of WRONG) yield { ...sample, [field]: wrong };
}

class Base {
  @IsString() name: string;
  @IsInt({ groups: ['some'] }) grouped: number;
}
class Derived extends Base {
  @IsString({ always: true }) always: string;
}
class Replaced extends Base {
  @IsString({ message: 'of its own' }) override name: string;
}

const judge = (target: new () => object, data: object, options = {}): unknown => {
  const instance = plainToInstance(target, data);
  const errors = validateSync(instance, { whitelist: true, forbidUnknownValues: true, ...options });
  return JSON.parse(JSON.stringify([instance, errors]));
};

const OPTIONS = [{}, { groups: ['some'] }, { groups: ['other'] }, { strictGroups: true }, { always: true }];
const judgeAll = (): unknown[] => [
  ...MESSAGES.flatMap((message) => [...variantsOf(message)].map((data) => judge(message, data))),
  ...[Base, Derived, Replaced, class {}].flatMap((target) => OPTIONS.map((options) => judge(target, {}, options))),
];

let before: unknown[];
beforeAll(() => {
  before = judgeAll();
  leanValidation();
});

test('When rules are remembered, then all data is judged as it was without, every time', () => {
  expect(judgeAll()).toEqual(before);
  expect(judgeAll()).toEqual(before);
});

test('When a class was looked at before, then its rules are not searched for again', () => {
  const storage = getMetadataStorage();
  const find = () => storage.getTargetValidationMetadatas(Base, '', false, false);
  expect(find()).toBe(find());
  expect(storage.groupByPropertyName(find())).toBe(storage.groupByPropertyName(find()));
});

test('When a rule is declared for a class that was looked at before, or for its parent, then it counts', () => {
  class Parent {
    @IsString() name: string;
  }
  class Child extends Parent {
    @IsString() other: string;
  }
  const problems = () => (judge(Child, { name: 'a', other: 'b', late: 'c' }) as [object, { property: string }[]])[1];
  expect(problems()).toEqual([]);
  registerDecorator({ target: Parent, propertyName: 'late', name: 'late', validator: { validate: () => false } });
  expect(problems()).toMatchObject([{ property: 'late' }]);
});
