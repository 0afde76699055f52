/** Strimzi publishes no types for Node: what of its v1 CRDs is used here, by hand, with nothing else allowed. */
const object = (properties: object, required: readonly string[] = Object.keys(properties)): object => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const oneOf = (...values: readonly string[]): object => ({ enum: values });
const text = { type: 'string', minLength: 1 };
const listOf = (items: object): object => ({ type: 'array', items, minItems: 1 });

const metadata = object({
  name: text,
  namespace: text,
  labels: {
    type: 'object',
    // Without it no operator takes the object up.
    required: ['strimzi.io/cluster'],
    additionalProperties: text,
  },
});

const kind = (name: string, spec: object): object =>
  object({ apiVersion: oneOf('kafka.strimzi.io/v1'), kind: oneOf(name), metadata, spec });

const whole = (maximum: number): object => ({ type: 'integer', minimum: 1, maximum });

export const STRIMZI_SCHEMAS: Readonly<Record<string, object>> = {
  'kafka.strimzi.io/v1/KafkaTopic': kind(
    'KafkaTopic',
    object({
      partitions: whole(10_000),
      replicas: whole(32_767),
      config: object(
        {
          'cleanup.policy': oneOf('compact', 'delete'),
          'retention.ms': { type: 'string', pattern: String.raw`^\d+$` },
          'min.insync.replicas': { type: 'string', pattern: String.raw`^\d+$` },
          'compression.type': oneOf('producer'),
        },
        ['cleanup.policy', 'min.insync.replicas'],
      ),
    }),
  ),
  'kafka.strimzi.io/v1/KafkaUser': kind(
    'KafkaUser',
    object({
      authentication: object({ type: oneOf('tls', 'tls-external', 'scram-sha-512') }),
      authorization: object({
        type: oneOf('simple'),
        acls: listOf(
          object({
            resource: object({
              type: oneOf('topic', 'group', 'cluster', 'transactionalId'),
              name: text,
              patternType: oneOf('literal', 'prefix'),
            }),
            operations: listOf(
              oneOf('Read', 'Write', 'Create', 'Delete', 'Alter', 'Describe', 'AlterConfigs', 'DescribeConfigs', 'All'),
            ),
          }),
        ),
      }),
    }),
  ),
};
