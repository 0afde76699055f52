import type { Type } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type Message, type MessageClass, TOPICS } from '#contracts';
import { SafeMessageError } from './safe-error.js';

/** A message as it arrived: validated data and the CloudEvents attributes that matter. */
export interface Received<M extends Message> {
  readonly id: string;
  /** Which service sent it. */
  readonly source: string;
  readonly time: Date;
  readonly data: M;
}

/**
 * Handles a batch of one message type inside the transaction that also remembers the messages as handled.
 * All effects go through `tx`; throwing undoes the batch, which is then tried message by message.
 */
export interface BatchHandler<M extends Message> {
  handle(messages: readonly Received<M>[], tx: EntityManager): Promise<void>;
}

export interface Subscription {
  readonly message: MessageClass;
  readonly handler: Type<BatchHandler<Message>>;
}

class InvalidSubscription extends SafeMessageError {}

/** Binds a message to its handler; a handler for another message does not compile. */
export function on<M extends Message>(message: MessageClass<M>, handler: Type<BatchHandler<M>>): Subscription {
  if (!handler) throw new InvalidSubscription(`The subscription to ${message.type} has no handler.`);
  if (!(message.topic in TOPICS)) throw new InvalidSubscription(`The message ${message.type} has no declared topic.`);
  return { message, handler: handler as unknown as Type<BatchHandler<Message>> };
}

/** The handler classes of a service, to be listed as its providers. */
export const handlersOf = (subscriptions: readonly Subscription[]): Type<BatchHandler<Message>>[] => [
  ...new Set(subscriptions.map((subscription) => subscription.handler)),
];
