import { aclsOf, TOPICS, type TopicName } from '#contracts';
import type { Finding, Patient } from './finding.js';

interface WantedTopic {
  readonly name: TopicName;
  readonly partitions: number;
}

/** The topics the service reads and writes are there, with the number of partitions that is fixed for their life. */
export async function checkTopics({ service, admin, partitions }: Patient): Promise<Finding[]> {
  const { read, write } = aclsOf(service);
  const wanted = [...new Set([...read, ...write])].map((name): WantedTopic => {
    return { name, partitions: partitions ?? TOPICS[name].partitions };
  });
  const existing = new Set(await admin.listTopics());
  const { topics } = await admin.fetchTopicMetadata({
    topics: wanted.map(({ name }) => name).filter((name) => existing.has(name)),
  });
  return judgeTopics(wanted, new Map(topics.map((topic) => [topic.name, topic.partitions.length])));
}

export function judgeTopics(wanted: readonly WantedTopic[], found: ReadonlyMap<string, number>): Finding[] {
  return wanted.flatMap(({ name, partitions }): Finding[] => {
    const there = found.get(name);
    if (there === partitions) return [];
    if (there === undefined) {
      const todo = 'create it as libs/contracts/src/topics.ts says, and let this service read or write it';
      return [{ check: 'topics', culprit: `${name} is missing, or may not be seen`, todo }];
    }
    return [
      {
        check: 'topics',
        culprit: `${name} has ${there} partitions instead of ${partitions}`,
        todo: 'messages of one contact may lie in two partitions, out of order: make the topic anew and stop who changed it',
      },
    ];
  });
}
