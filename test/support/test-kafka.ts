import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KafkaBroker, type KafkaOptions, startKafka } from '#local';
import { createTopics } from '#messaging';

export interface TestKafka extends KafkaBroker {
  /** Stops the broker and removes its data. */
  remove(): Promise<void>;
}

/** A real broker for one test file, with the declared topics in two partitions each. */
export async function startTestKafka(
  options: { topics?: boolean } & Pick<KafkaOptions, 'properties' | 'formatArguments'> = {},
): Promise<TestKafka> {
  const { topics = true, ...broker } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'contact-expunge-kafka-'));
  await chmod(dataDir, 0o711);
  const kafka = await startKafka({ ...broker, dataDir, fast: true, log: join(dataDir, 'kafka.log') });
  if (topics) await createTopics({ brokers: kafka.brokers, partitions: 2 });
  const remove = async (): Promise<void> => {
    await kafka.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return Object.assign(kafka, { remove });
}
