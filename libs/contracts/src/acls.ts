import { type ServiceName, type TopicName, TOPICS } from './topics.js';

/** A Kafka group a service may join: this name, or every name that begins so. */
export interface GroupRight {
  readonly name: string;
  readonly match: 'literal' | 'prefix';
}

/** All that a service may do at the broker; what is not said here is to be denied. */
export interface BrokerRights {
  /** Read and Describe. */
  readonly read: readonly TopicName[];
  /** Write and Describe. Producers are idempotent, which needs no other right since Kafka 2.8. */
  readonly write: readonly TopicName[];
  /** Read. */
  readonly groups: readonly GroupRight[];
}

/** Reads what was expunged in a group of its own, once, before anything else; each start makes a new name. */
export const catchUpGroup = (service: string): string => `${service}.catch-up.`;

/**
 * The rights of one service, from the one list of topics with their readers and writers. A broker's access control lists
 * are made from it; nobody needs the right to create topics or groups, which `createTopics` has.
 */
export function aclsOf(service: ServiceName): BrokerRights {
  const topics = Object.keys(TOPICS) as TopicName[];
  const among = (names: readonly string[]): boolean => names.includes(service);
  return {
    read: topics.filter((topic) => among(TOPICS[topic].readers)),
    write: topics.filter((topic) => among(TOPICS[topic].writers)),
    groups: [
      { name: service, match: 'literal' },
      { name: catchUpGroup(service), match: 'prefix' },
    ],
  };
}
