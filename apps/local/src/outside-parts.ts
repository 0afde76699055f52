import type { LocalConfig } from './config.js';
import { connected } from './databases.js';
import { answersMetadata } from './kafka/answers-metadata.js';

/**
 * Fails within a few seconds, with a sentence that names the setting, when a server that the environment puts in the
 * place of an embedded part does not answer.
 */
export async function assertOutsidePartsAnswer(
  config: Pick<LocalConfig, 'kafkaBrokers' | 'postgresUrl'>,
): Promise<void> {
  await Promise.all([kafkaAnswers(config.kafkaBrokers), postgresAnswers(config.postgresUrl)]);
}

async function kafkaAnswers(brokers?: string[]): Promise<void> {
  if (brokers === undefined) return;
  const answers = await Promise.all(brokers.map((broker) => answersMetadata(...hostAndPort(broker))));
  if (answers.includes(true)) return;
  throw new Error(
    `KAFKA_BROKERS: no Kafka answers at ${brokers.join(', ')}. Start it, or unset KAFKA_BROKERS to use the embedded one.`,
  );
}

async function postgresAnswers(url?: string): Promise<void> {
  if (url === undefined) return;
  try {
    await connected(url, (client) => client.query('SELECT 1'));
  } catch (error) {
    // With several addresses behind a name the message is empty and the code alone says why.
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(
      `POSTGRES_URL: PostgreSQL cannot be used there (${message || code}). Start it, correct POSTGRES_URL, or unset it to use the embedded one.`,
      { cause: error },
    );
  }
}

/** [::1]:9092 is host ::1 and port 9092. */
function hostAndPort(broker: string): [host: string, port: number] {
  const colon = broker.lastIndexOf(':');
  return [broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), Number(broker.slice(colon + 1))];
}
