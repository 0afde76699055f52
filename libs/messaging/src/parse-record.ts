import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import type { IHeaders } from 'kafkajs';
import { keyOf, type Message } from '#contracts';
import { type Envelope, fromHeaders } from './cloud-event.js';
import { leanValidation } from './lean-validation.js';
import type { BatchHandler, Received, Subscription } from './subscription.js';

leanValidation();

/** A record as Kafka gives it. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string;
  readonly headers: IHeaders | undefined;
  readonly value: Buffer | null;
}

/** A subscription with its handler instance. */
export interface Binding {
  readonly message: Subscription['message'];
  readonly handler: BatchHandler<Message>;
}

export interface ParsedMessage {
  readonly kind: 'message';
  readonly record: KafkaRecord;
  readonly received: Received<Message>;
  readonly traceparent: string | undefined;
  readonly binding: Binding;
}

export type MalformedReason = 'not-an-event' | 'unknown-version' | 'not-json' | 'invalid-data' | 'wrong-key';

export type Parsed =
  | ParsedMessage
  | { readonly kind: 'ignored'; readonly record: KafkaRecord; readonly reason: 'no-value' | 'unknown-type' }
  | {
      readonly kind: 'malformed';
      readonly record: KafkaRecord;
      readonly reason: MalformedReason;
      readonly type: string;
    };

/** Reads and validates one record. Never throws: what cannot be used comes back as ignored or malformed, with the reason. */
export function parseRecord(record: KafkaRecord, bindings: ReadonlyMap<string, Binding>): Parsed {
  if (record.value === null) return { kind: 'ignored', record, reason: 'no-value' };
  const envelope = fromHeaders(record.headers);
  if (!envelope) return { kind: 'malformed', record, reason: 'not-an-event', type: 'unknown' };
  const binding = bindings.get(envelope.type);
  if (!binding) return { kind: 'ignored', record, reason: 'unknown-type' };
  const malformed = (reason: MalformedReason): Parsed => ({ kind: 'malformed', record, reason, type: envelope.type });
  if (envelope.version !== binding.message.version) return malformed('unknown-version');
  const plain = parseJson(record.value);
  if (plain === undefined) return malformed('not-json');
  const data = validated(plain, binding);
  if (!data) return malformed('invalid-data');
  if (keyOf(data) !== record.key) return malformed('wrong-key');
  return toMessage(record, envelope, data, binding);
}

function toMessage(record: KafkaRecord, envelope: Envelope, data: Message, binding: Binding): ParsedMessage {
  const { id, source, time, traceparent } = envelope;
  return { kind: 'message', record, received: { id, source, time, data }, traceparent, binding };
}

function parseJson(value: Buffer): object | undefined {
  try {
    const plain: unknown = JSON.parse(value.toString('utf8'));
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? plain : undefined;
  } catch {
    return undefined;
  }
}

/** Unknown fields are dropped, not refused: a newer sender may say more. */
function validated(plain: object, binding: Binding): Message | undefined {
  try {
    const data = plainToInstance(binding.message, plain);
    return validateSync(data, { whitelist: true, forbidUnknownValues: true }).length === 0 ? data : undefined;
  } catch {
    // A shape that the libraries themselves cannot take is no valid data either.
    return undefined;
  }
}
