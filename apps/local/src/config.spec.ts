import { describe, expect, test } from '@jest/globals';
import { readConfig } from './config.js';

describe('When the environment says nothing', () => {
  test('then the usual ports are used and every part is embedded', () => {
    expect(readConfig({})).toEqual({ portBase: 3100, postgresPort: 54_329, kafkaPort: 19_092, logLevel: 'info' });
  });
});

describe('When outside servers are named', () => {
  test('then they replace the embedded parts', () => {
    const config = readConfig({
      KAFKA_BROKERS: 'one:9092, [::1]:9093',
      POSTGRES_URL: 'postgres://admin:secret@db/postgres',
      SMTP_URL: 'smtps://mail:465',
    });
    expect(config.kafkaBrokers).toEqual(['one:9092', '[::1]:9093']);
    expect(config.postgresUrl).toBe('postgres://admin:secret@db/postgres');
    expect(config.smtpUrl).toBe('smtps://mail:465');
  });
});

describe('When several settings are wrong', () => {
  const read = (): unknown =>
    readConfig({ PORT_BASE: '99', KAFKA_BROKERS: 'nowhere', POSTGRES_URL: 'mysql://u:hush@db', LOG_LEVEL: 'loud' });

  test('then all of them are named at once', () => {
    expect(read).toThrow(/PORT_BASE[^]*KAFKA_BROKERS[^]*POSTGRES_URL[^]*LOG_LEVEL/);
  });

  test('then no value is repeated, for it may hold a password', () => {
    expect(read).not.toThrow(/hush/);
  });
});
