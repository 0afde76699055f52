import type { Type } from '@nestjs/common';
import {
  IS_DATE,
  IS_FQDN,
  IS_ISO31661_ALPHA_2,
  IS_ISO8601,
  IS_LOCALE,
  IS_URL,
  IS_UUID,
  ValidationTypes,
} from 'class-validator';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';

export type Json = Record<string, unknown>;

interface Rule {
  readonly name?: string;
  readonly constraints?: readonly unknown[];
}

/** Our own rules, and those of the library whose generated form says less, or something else, than they check. */
const CONVERTERS = {
  [IS_DATE]: { type: 'string', format: 'date-time' },
  [IS_ISO8601]: { type: 'string', format: 'date-time' },
  [IS_UUID]: { type: 'string', format: 'uuid' },
  [IS_LOCALE]: { type: 'string', pattern: '^[A-Za-z]{1,8}([_-][A-Za-z0-9]{1,8})*$' },
  [IS_ISO31661_ALPHA_2]: { type: 'string', pattern: '^[A-Za-z]{2}$' },
  [IS_URL]: { type: 'string', format: 'uri' },
  [IS_FQDN]: { type: 'string', format: 'idn-hostname' },
  // A rule nobody told us the form of says nothing.
  [ValidationTypes.CUSTOM_VALIDATION]: {},
  [ValidationTypes.CONDITIONAL_VALIDATION]: ({ name }: Rule) => (name === 'isOptional' ? { nullable: true } : {}),
  plainText: ({ constraints }: Rule) => ({ ...textOf(constraints), pattern: `^[^${NOT_IN_LINES}\\t\\r\\n]+$` }),
  multilineText: ({ constraints }: Rule) => ({ ...textOf(constraints), pattern: `^[^${NOT_IN_LINES}]+$` }),
  // The domain may be international.
  emailAddress: { type: 'string', format: 'idn-email', maxLength: 254 },
  phone: { type: 'string', maxLength: 41, pattern: String.raw`^\+?([ ()./-]*\d){5,15}[ ()./-]*$` },
};

/** Control characters but tab and line ends, separators of lines, and what turns the direction of text. */
const NOT_IN_LINES = String.raw`\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069`;

const textOf = (constraints: Rule['constraints']): Json => {
  return { type: 'string', minLength: 1, maxLength: constraints?.[0] };
};

/** JSON Schemas (draft 2020-12, as OpenAPI 3.1 has them) of these classes and of all they are made of, by class name. */
export function schemasOf(types: readonly Type[]): Record<string, Json> {
  const all = validationMetadatasToSchemas({
    classTransformerMetadataStorage: defaultMetadataStorage,
    refPointerPrefix: '#/components/schemas/',
    additionalConverters: CONVERTERS as never,
  }) as Record<string, Json>;
  const wanted = new Set<string>();
  const pending = types.map((type) => type.name);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    if (!all[name]) throw new TypeError(`${name} has no rules, so nothing can be said about it`);
    for (const [, referred] of JSON.stringify(all[name]).matchAll(REFERENCE)) pending.push(referred!);
  }
  const schemas = Object.fromEntries([...wanted].sort().map((name) => [name, closed(modern(all[name]!) as Json)]));
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, shown(schema, schemas)]));
}

/** What holds nothing but lists that have an example each is shown with one of each. */
function shown(schema: Json, schemas: Readonly<Record<string, Json>>): Json {
  if (schema.examples !== undefined) return schema;
  const lists = ((schema.required ?? []) as string[]).map((name): [string, unknown[]] => {
    const { items } = (schema.properties as Record<string, { items?: { $ref?: string } }>)[name]!;
    return [name, ((schemas[items?.$ref?.split('/').at(-1) ?? '']?.examples ?? []) as unknown[]).slice(0, 1)];
  });
  const complete = lists.length > 0 && lists.every(([, list]) => list.length > 0);
  return complete ? { ...schema, examples: [Object.fromEntries(lists)] } : schema;
}

const REFERENCE = /"#\/components\/schemas\/(\w+)"/g;

/** What is not said is not there: in bodies it is refused, in answers it never appears. */
const closed = (schema: Json): Json => ({ ...schema, additionalProperties: false });

/** OpenAPI 3.0 wrote `nullable`; 3.1 has JSON Schema's own null and `examples`. */
function modern(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(modern);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, example, ...rest } = schema as Json;
  const inner = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, modern(value)]));
  const whole = example === undefined ? inner : { ...inner, examples: [example] };
  return nullable === true ? orNull(whole) : whole;
}

function orNull(schema: Json): Json {
  if (typeof schema.type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    type: [schema.type, 'null'],
    ...(Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}),
  };
}

/** How a document refers to what is said of a class elsewhere in it. */
export const reference = ({ name }: Type): Json => ({ $ref: `#/components/schemas/${name}` });
