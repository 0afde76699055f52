import 'reflect-metadata';

/** Topics need few partitions on one machine; the number is fixed for life, so data kept in .local keeps it. */
const LOCAL_PARTITIONS = 4;

/** Creates the topics of all services where they are missing. */
export async function createLocalTopics(brokers: string[]): Promise<void> {
  // Loaded when it is needed: those who only start a database do not load the messaging library.
  // The message classes it brings along need reflect-metadata, imported above.
  const { createTopics } = await import('#messaging');
  await createTopics({ brokers, partitions: LOCAL_PARTITIONS });
}
