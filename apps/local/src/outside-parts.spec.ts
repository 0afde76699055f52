import { expect, test } from '@jest/globals';
import { assertOutsidePartsAnswer } from './outside-parts.js';
import { freePort } from './ports.js';

test('When no broker of KAFKA_BROKERS answers, then the error names the setting and the brokers', async () => {
  const kafkaBrokers = [`127.0.0.1:${await freePort()}`, `[::1]:${await freePort()}`];
  const sentence = `KAFKA_BROKERS: no Kafka answers at ${kafkaBrokers.join(', ')}.`;
  await expect(assertOutsidePartsAnswer({ kafkaBrokers })).rejects.toThrow(sentence);
});

test('When POSTGRES_URL does not answer, then the error names the setting and not the password', async () => {
  const postgresUrl = `postgres://somebody:geheim@localhost:${await freePort()}/x`;
  const attempt = assertOutsidePartsAnswer({ postgresUrl });
  await expect(attempt).rejects.toThrow(/^POSTGRES_URL: .*ECONNREFUSED/);
  await expect(attempt).rejects.not.toThrow(/geheim/);
});
