import type { KafkaConnection } from './kafka-client.js';
import type { Subscription } from './subscription.js';

/** Injection token of {@link MessagingOptions}. */
export const MESSAGING = Symbol('messaging options');

/**
 * Injection token of the DataSource of relay and consumer: connections of their own, as many as
 * {@link MESSAGING_CONNECTIONS}, so that requests which wait for a connection never keep messages waiting.
 */
export const MESSAGING_DATABASE = Symbol('database of relay and consumer');

/** For the relay, the consumer, and a consumer's look at where it has to begin. */
export const MESSAGING_CONNECTIONS = 3;
/** Partitions whose messages may be handled together: more than one instance ever has. */
export const PARTITIONS_AT_ONCE = 200;

export interface MessagingOptions {
  /** Names the consumer group, and the sender in every message. */
  readonly service: string;
  readonly kafka: KafkaConnection;
  readonly subscriptions: readonly Subscription[];
}
