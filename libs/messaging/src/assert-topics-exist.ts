import type { Kafka } from 'kafkajs';
import { SafeMessageError } from './safe-error.js';

class TopicsMissing extends SafeMessageError {}

/** Throws, naming them, when topics do not exist: kafkajs would take a missing one for an error without end. */
export async function assertTopicsExist(kafka: Kafka, wanted: readonly string[]): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = wanted.filter((topic) => !existing.has(topic));
    if (missing.length > 0) throw new TopicsMissing(`waiting for the topics ${missing.join(', ')}`);
  } finally {
    await admin.disconnect();
  }
}
