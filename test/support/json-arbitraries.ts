import fc, { type Arbitrary } from 'fast-check';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly examples?: readonly object[];
}

export type Schemas = Readonly<Record<string, Schema>>;

const DAY_MS = 86_400_000;

/** Text that has broken software before. */
const NASTY = fc.constantFrom(
  '',
  ' ',
  'null',
  '\u0000',
  'a\r\nBcc: x@example.org',
  "'; DROP TABLE contact; --",
  '\u202Eevil',
  '\uD800',
  '𝔘𝔫𝔦'.repeat(50),
  'x'.repeat(10_000),
  '../../etc/passwd',
  '__proto__',
  '{{7*7}}',
  '%00',
  '9'.repeat(400),
);

/** Any JSON, most of it nothing a route expects. */
export const anything: Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  NASTY,
  fc.constantFrom(null, 0, -1, 1e308, true, [], {}),
);

/** Values that fit a schema, or nearly: now and then a part of them is something else, missing or too many. */
export function nearly(schema: Schema, schemas: Schemas): Arbitrary<unknown> {
  return fc.oneof({ weight: 8, arbitrary: fitting(schema, schemas) }, { weight: 1, arbitrary: anything });
}

function fitting(schema: Schema, schemas: Schemas): Arbitrary<unknown> {
  if (schema.$ref) return fitting(schemas[schema.$ref.split('/').at(-1)!]!, schemas);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fitting(one, schemas)));
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? 'string'].flat();
  return fc.oneof(...types.map((type) => BY_TYPE[type]!(schema, schemas)));
}

const BY_TYPE: Readonly<Record<string, (schema: Schema, schemas: Schemas) => Arbitrary<unknown>>> = {
  object,
  array: ({ items = {}, minItems = 0, maxItems = 4 }, schemas) =>
    fc.array(nearly(items, schemas), { minLength: minItems, maxLength: Math.min(maxItems, 6) }),
  integer: ({ minimum = -1_000, maximum = 1_000 }) => fc.integer({ min: minimum, max: maximum }),
  number: () => fc.double({ noNaN: true }),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
  string: text,
};

/** What the example says is as good as any value, so that whole bodies are accepted often enough. */
function object({ properties = {}, required = [], examples = [] }: Schema, schemas: Schemas): Arbitrary<unknown> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, property]) => {
      const shown = examples.flatMap((example) =>
        name in example ? [(example as Record<string, unknown>)[name]] : [],
      );
      const value = nearly(property, schemas);
      return [name, shown.length === 0 ? value : fc.oneof(value, fc.constantFrom(...shown))];
    }),
  );
  const known = fc.record(model, { requiredKeys: required.filter((name) => name in model) });
  return fc.oneof(
    { weight: 9, arbitrary: known },
    {
      weight: 1,
      arbitrary: fc
        .tuple(known, fc.dictionary(fc.string(), anything, { maxKeys: 2 }))
        .map(([a, b]) => ({ ...a, ...b })),
    },
  );
}

function text({ format, pattern, minLength = 0, maxLength = 40 }: Schema): Arbitrary<unknown> {
  const length = { minLength, maxLength: Math.min(maxLength, 60) };
  switch (format) {
    case 'uuid':
      return fc.uuid();
    case 'date-time':
      return fc
        .oneof(
          fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
          fc.integer({ min: 0, max: 364 }).map((days) => new Date(Date.now() + days * DAY_MS)),
        )
        .map((date) => date.toISOString());
    case 'idn-email':
      return fc.emailAddress();
    case 'idn-hostname':
      return fc.domain();
    case undefined:
    default:
      return fc.oneof({ weight: 6, arbitrary: matching(pattern, length) }, { weight: 1, arbitrary: NASTY });
  }
}

function matching(pattern: string | undefined, length: { minLength: number; maxLength: number }): Arbitrary<string> {
  const some = fc.string({ unit: 'grapheme', ...length });
  if (pattern === undefined) return some;
  const expression = new RegExp(pattern, 'u');
  // What only leaves characters out is met by most text.
  if (pattern.startsWith('^[^')) return some.filter((text) => expression.test(text));
  return fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(expression, { size: '-1' }) },
    { weight: 1, arbitrary: some },
  );
}
