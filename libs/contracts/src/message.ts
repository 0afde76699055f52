import 'reflect-metadata';
import { IsId } from './id.js';

import type { TopicName } from './topics.js';

/** What every message says: which client company it is about. */
export abstract class Message {
  @IsId() tenantId: string;
}

/** A message about one contact; its Kafka key is the contact id, so messages of one contact keep their order. */
export abstract class ContactMessage extends Message {
  @IsId() contactId: string;
}

/**
 * A concrete message. `type` and `version` make the CloudEvents type `<type>.v<version>`, `topic` is where it travels.
 * Each class declares a protected `brand`, so that two messages of the same shape are still different types.
 */
export interface MessageClass<M extends Message = Message> {
  new (): M;
  readonly type: string;
  readonly version: number;
  readonly topic: TopicName;
}

/** The data of a message, as written by its sender: the public fields of its class. */
export type Data<M> = { [K in keyof M]: M[K] };

/** A message on its way out; made by {@link message}. */
export interface Outgoing {
  readonly message: MessageClass;
  readonly data: Data<Message>;
}

/** Pairs a message class with data that fits it; the outbox sends it. */
export function message<M extends Message>(messageClass: MessageClass<M>, data: Data<M>): Outgoing {
  return { message: messageClass, data };
}

/** CloudEvents type (ce_type) of a message class. */
export const eventType = (messageClass: MessageClass): string => `${messageClass.type}.v${messageClass.version}`;

/** Kafka key: the contact id, or the tenant id for messages about a tenant. Opaque, never an address. */
export function keyOf(data: Data<Message>): string {
  return 'contactId' in data ? String(data.contactId) : data.tenantId;
}
