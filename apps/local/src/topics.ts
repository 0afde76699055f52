/** Topics need few partitions on one machine; the number is fixed for life, so data kept in .local keeps it. */
export const LOCAL_PARTITIONS = 4;

/** Creates the topics of all services where they are missing. */
export async function createLocalTopics(brokers: string[]): Promise<void> {
  // Loaded when they are needed: those who only start a database do not load the messaging library.
  const [{ Logger }, { createTopics }] = await Promise.all([import('@nestjs/common'), import('#messaging')]);
  // Launcher and demo say in sentences of their own what fails; Nest's default logger would print objects in between.
  Logger.overrideLogger(false);
  await createTopics({ brokers, partitions: LOCAL_PARTITIONS });
}
