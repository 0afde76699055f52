import { Kafka, logLevel } from 'kafkajs';

export interface Topics {
  /** How many messages were ever written to a topic, without reading them. */
  written(topic: string): Promise<number>;
  /** How many messages consumer groups have not dealt with yet, over these topics. */
  lag(groups: readonly string[], topics: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

export async function watchTopics(brokers: readonly string[]): Promise<Topics> {
  const admin = new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const ends = async (topic: string): Promise<Map<number, number>> => {
    const places = await admin.fetchTopicOffsets(topic);
    return new Map(places.map(({ partition, high }) => [partition, Number(high)]));
  };
  const lag = async (groups: readonly string[], topics: readonly string[]): Promise<number> => {
    const endsOf = new Map(await Promise.all(topics.map(async (topic) => [topic, await ends(topic)] as const)));
    let behind = 0;
    for (const groupId of groups) {
      const places = await admin.fetchOffsets({ groupId, topics: [...topics] });
      const offsets = places.flatMap(({ topic, partitions }) => partitions.map((one) => ({ topic, ...one })));
      for (const { topic, partition, offset } of offsets)
        // A topic the group does not read has no offset of it.
        if (Number(offset) >= 0) behind += (endsOf.get(topic)?.get(partition) ?? 0) - Number(offset);
    }
    return behind;
  };
  return {
    written: async (topic) => [...(await ends(topic)).values()].reduce((sum, end) => sum + end, 0),
    lag,
    close: () => admin.disconnect(),
  };
}
