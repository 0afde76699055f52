import { applyDecorators, type Type } from '@nestjs/common';
import { JSONSchema } from 'class-validator-jsonschema';

/** One way a route answers when all goes well. */
export interface Answer {
  readonly status: number;
  /** A class whose properties carry class-validator rules; absent for pages and files. */
  readonly type?: Type;
  /** application/json unless said. */
  readonly contentType?: string;
  readonly description?: string;
}

const SUMMARY = Symbol('summary');
const ANSWERS = Symbol('answers');
const REFUSALS = Symbol('refusals');
const FILE = Symbol('file');

/** What a route does, in one sentence for its callers. */
export const Summary = (text: string): MethodDecorator => remember(SUMMARY, () => text);

/** The answer of a route: its status and the class of its body. Several of them: one line each. */
export const Answers = (status: number, type?: Type, more: Omit<Answer, 'status' | 'type'> = {}): MethodDecorator =>
  remember(ANSWERS, (known) => [{ status, type, ...more }, ...((known as Answer[] | undefined) ?? [])]);

/** Further statuses the rules of a route may refuse with; those every route has (400, 401, 403, 503 ...) are known. */
export const Refuses = (...statuses: number[]): MethodDecorator => remember(REFUSALS, () => statuses);

/** The route takes a file of this type instead of JSON, of any size, and reads it itself as a stream. Its path has no parameters. */
export const TakesFile = (contentType: string): MethodDecorator => remember(FILE, () => contentType);

/** An example of a whole body, on its class. */
export const Example = (example: object): ClassDecorator => JSONSchema({ example }) as ClassDecorator;

/** A property of an answer that is always there and may be null. */
export const OrNull = (): PropertyDecorator => applyDecorators(JSONSchema({ nullable: true }) as PropertyDecorator);

export const summaryOf = (handler: object): string | undefined =>
  Reflect.getMetadata(SUMMARY, handler) as string | undefined;
export const answersOf = (handler: object): readonly Answer[] =>
  (Reflect.getMetadata(ANSWERS, handler) as Answer[] | undefined) ?? [];
export const refusalsOf = (handler: object): readonly number[] =>
  (Reflect.getMetadata(REFUSALS, handler) as number[] | undefined) ?? [];

export const fileOf = (handler: object): string | undefined => Reflect.getMetadata(FILE, handler) as string | undefined;

function remember(key: symbol, value: (known: unknown) => unknown): MethodDecorator {
  return (_target, _name, descriptor) => {
    const handler = descriptor.value as object;
    Reflect.defineMetadata(key, value(Reflect.getMetadata(key, handler)), handler);
  };
}
