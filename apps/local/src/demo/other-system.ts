import { Kafka, logLevel } from 'kafkajs';

export interface HeardMessage {
  readonly topic: string;
  readonly type: string;
  readonly key: string;
  readonly data: Record<string, unknown>;
}

/**
 * Another system of the company: a plain Kafka client that shares no code with the services. It reads public topics and
 * tells what it hears; `stop` leaves the group.
 */
export async function startOtherSystem(
  brokers: string[],
  topics: string[],
  hear: (message: HeardMessage) => void,
): Promise<{ stop(): Promise<void> }> {
  const kafka = new Kafka({ clientId: 'other-system', brokers, logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: 'other-system', maxWaitTimeInMs: 500 });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    eachMessage: ({ topic, message }) => {
      const type = String(message.headers?.ce_type);
      const data = JSON.parse(String(message.value)) as Record<string, unknown>;
      hear({ topic, type, key: String(message.key), data });
      return Promise.resolve();
    },
  });
  await joined;
  return { stop: () => consumer.disconnect() };
}
