import { TOPICS } from '#contracts';
import { type KafkaConnection, kafkaClient } from './kafka-client.js';

export interface CreateTopicsOptions extends KafkaConnection {
  /** Instead of the declared number; fixed for the life of a topic. */
  readonly partitions?: number;
  readonly replicationFactor?: number;
}

/** Creates the declared topics that do not exist yet. Existing ones are left as they are. */
export async function createTopics(options: CreateTopicsOptions): Promise<void> {
  const { partitions, replicationFactor = 1 } = options;
  const admin = kafkaClient('create-topics', options).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = Object.entries(TOPICS).filter(([name]) => !existing.has(name));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(([topic, declared]) => ({
        topic,
        numPartitions: partitions ?? declared.partitions,
        replicationFactor,
        configEntries: configEntries(declared.retention, replicationFactor),
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

function configEntries(retention: number | 'for-ever', replicationFactor: number): { name: string; value: string }[] {
  const kept =
    retention === 'for-ever'
      ? [{ name: 'cleanup.policy', value: 'compact' }]
      : [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'retention.ms', value: String(retention) },
        ];
  const safe = replicationFactor >= 3 ? [{ name: 'min.insync.replicas', value: '2' }] : [];
  return [...kept, ...safe, { name: 'compression.type', value: 'producer' }];
}
