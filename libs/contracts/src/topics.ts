const DAYS = 24 * 60 * 60 * 1000;

export const SERVICES = ['contact-service', 'workflow-service', 'notification-service', 'privacy-service'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Topic {
  /** Fixed for the life of the topic: the key decides the partition, and order holds within one partition only. */
  readonly partitions: number;
  /** Milliseconds a record is kept; 'for-ever' for topics that are compacted by key. */
  readonly retention: number | 'for-ever';
  readonly writers: readonly ServiceName[];
  /** Services that read it; 'anyone' marks the public topics other systems may consume. */
  readonly readers: readonly (ServiceName | 'anyone')[];
}

const PARTITIONS = 12;
export const RETENTION_MS = 7 * DAYS;

const participants: readonly ServiceName[] = ['contact-service', 'workflow-service', 'notification-service'];

/** Every topic: how it is laid out, and who writes and reads it. */
export const TOPICS = {
  'tenant.events': {
    partitions: PARTITIONS,
    retention: 'for-ever',
    writers: ['contact-service'],
    readers: ['workflow-service', 'notification-service', 'privacy-service'],
  },
  'contact.events': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['contact-service'],
    readers: ['workflow-service', 'anyone'],
  },
  'contact.commands': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['workflow-service'],
    readers: ['contact-service'],
  },
  'workflow.commands': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['contact-service'],
    readers: ['workflow-service'],
  },
  'expunge.requests': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['contact-service'],
    readers: ['privacy-service'],
  },
  'expunge.commands': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['privacy-service'],
    readers: participants,
  },
  'expunge.acks': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: participants,
    readers: ['privacy-service'],
  },
  'contact.expunged': {
    partitions: PARTITIONS,
    retention: 'for-ever',
    writers: ['privacy-service'],
    readers: [...participants, 'anyone'],
  },
  'notification.commands': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['contact-service', 'privacy-service'],
    readers: ['notification-service'],
  },
  'notification.events': {
    partitions: PARTITIONS,
    retention: RETENTION_MS,
    writers: ['notification-service'],
    readers: ['contact-service', 'workflow-service', 'privacy-service'],
  },
} as const satisfies Record<string, Topic>;

export type TopicName = keyof typeof TOPICS;
