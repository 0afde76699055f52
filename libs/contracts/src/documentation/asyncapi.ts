import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { MESSAGES } from '../catalogue.js';
import { eventType, type MessageClass } from '../message.js';
import { type Topic, TOPICS } from '../topics.js';

type Json = Record<string, unknown>;

/**
 * The AsyncAPI 3.0 document of all topics and messages, made from the classes themselves. CloudEvents attributes are
 * Kafka headers (binary content mode), the value is the data as JSON, the key is the contact id or the tenant id.
 */
export function asyncApi(): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Contact Expunge messages',
      version: '1.0.0',
      description: 'Kafka messages between the services, and the public ones other systems may read. Ids only.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(Object.entries(TOPICS).map(([name, topic]) => [name, channel(name, topic)])),
    operations: Object.fromEntries(MESSAGES.map((message) => [`send${message.type}`, operation(message)])),
    components: {
      messages: Object.fromEntries(MESSAGES.map((message) => [eventType(message), describeMessage(message)])),
      messageTraits: { cloudEvent: { headers: CLOUD_EVENT_HEADERS } },
      schemas: schemas(),
    },
  };
}

const CLOUD_EVENT_HEADERS = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time', 'content-type'],
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: { type: 'string', format: 'uuid', description: 'A repeated id is a repeated message.' },
    ce_type: { type: 'string' },
    ce_source: { type: 'string', description: 'The service that sent it.' },
    ce_time: { type: 'string', format: 'date-time' },
    ce_partitionkey: { type: 'string' },
    'content-type': { const: 'application/json' },
    traceparent: { type: 'string', description: 'W3C Trace Context.' },
  },
};

function channel(name: string, topic: Topic): Json {
  const messages = MESSAGES.filter((message) => message.topic === name);
  const kept = topic.retention === 'for-ever' ? { 'cleanup.policy': ['compact'] } : { 'retention.ms': topic.retention };
  return {
    address: name,
    messages: Object.fromEntries(messages.map((message) => [message.type, reference('messages', eventType(message))])),
    bindings: { kafka: { topic: name, partitions: topic.partitions, topicConfiguration: kept } },
    'x-writers': topic.writers,
    'x-readers': topic.readers,
  };
}

function operation(message: MessageClass): Json {
  return {
    action: 'send',
    channel: { $ref: `#/channels/${message.topic}` },
    messages: [{ $ref: `#/channels/${message.topic}/messages/${message.type}` }],
  };
}

function describeMessage(message: MessageClass): Json {
  return {
    name: eventType(message),
    traits: [reference('messageTraits', 'cloudEvent')],
    payload: reference('schemas', message.name),
  };
}

const reference = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });

function schemas(): Json {
  const all = validationMetadatasToSchemas({
    classTransformerMetadataStorage: defaultMetadataStorage,
    refPointerPrefix: '#/components/schemas/',
  });
  const abstract = new Set(['Message', 'ContactMessage']);
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => !abstract.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
