import type { KafkaConnection } from './kafka-client.js';
import type { Subscription } from './subscription.js';

/** Injection token of {@link MessagingOptions}. */
export const MESSAGING = Symbol('messaging options');

export interface MessagingOptions {
  /** Names the consumer group, and the sender in every message. */
  readonly service: string;
  readonly kafka: KafkaConnection;
  readonly subscriptions: readonly Subscription[];
}
