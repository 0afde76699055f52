import { Ajv } from 'ajv';
import { moduleOf } from './kinds.js';
import { type Manifest, nameOf } from './manifest.js';
import { STRIMZI_SCHEMAS } from './strimzi-schemas.js';
import { unknownFields } from './unknown-fields.js';

const STRIMZI = 'kafka.strimzi.io/';

interface Model {
  validate(): void;
}
type ModelClass = new (object: object) => Model;

/**
 * What is wrong with each object, one sentence a problem. Values are checked by the schemas of kubernetes-models; those let
 * unknown fields pass, so that the types of the same packages refuse them, through the compiler.
 */
export async function schemaProblems(objects: readonly Manifest[]): Promise<string[]> {
  const [strimzi, others] = [true, false].map((ours) =>
    objects.filter(({ apiVersion }) => apiVersion.startsWith(STRIMZI) === ours),
  ) as [Manifest[], Manifest[]];
  const known: Manifest[] = [];
  const problems: string[] = [];
  for (const object of others) {
    const model = await load(object);
    if (!model) problems.push(`${nameOf(object)}: there is no ${object.kind} in ${object.apiVersion}`);
    else {
      known.push(object);
      problems.push(...valueProblems(model, object));
    }
  }
  return [...problems, ...unknownFields(known), ...strimzi.flatMap(strimziProblems)];
}

async function load(object: Manifest): Promise<ModelClass | undefined> {
  try {
    return ((await import(moduleOf(object))) as Record<string, ModelClass>)[object.kind];
  } catch {
    return undefined;
  }
}

function valueProblems(Kind: ModelClass, object: Manifest): string[] {
  try {
    new Kind(object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${(error as Error).message}`];
  }
}

const ajv = new Ajv({ allErrors: true });

function strimziProblems(object: Manifest): string[] {
  const schema = STRIMZI_SCHEMAS[`${object.apiVersion}/${object.kind}`];
  if (!schema) return [`${nameOf(object)}: there is no ${object.kind} in ${object.apiVersion}`];
  if (ajv.validate(schema, object)) return [];
  return (ajv.errors ?? []).map(
    ({ instancePath, message, params }) => `${nameOf(object)}: ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}
