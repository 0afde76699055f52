import { describe, expect, test } from '@jest/globals';
import { IsOptional } from 'class-validator';
import { ConfigurationError, loadConfig, MigrateConfig, ServiceConfig } from './config.js';
import { Flag, ReadableFile, WholeNumber } from './config-rules.js';

class MailConfig extends ServiceConfig {
  @ReadableFile() KEYRING_FILE: string;
  @Flag() DRY_RUN: boolean = false;
  @IsOptional() @WholeNumber(1, 10) SMTP_POOL?: number;
}

const GOOD = {
  HTTP_PORT: '3001',
  DATABASE_URL: 'postgres://app:s3cret@db.example:5432/contact',
  KAFKA_BROKERS: 'one:9092, two.example:9093',
  OIDC_ISSUER: 'http://localhost:4000',
  OIDC_JWKS_URL: 'http://localhost:4000/jwks',
  KEYRING_FILE: import.meta.filename,
};

function problemsOf(env: Record<string, string | undefined>): Record<string, string> {
  try {
    loadConfig(MailConfig, env);
    return {};
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).not.toContain('s3cret');
    return Object.fromEntries(error.problems.map(({ variable, problem }) => [variable, problem]));
  }
}

describe('When the configuration is good', () => {
  test('then text becomes numbers, lists and booleans, and what is not said has its default', () => {
    const config = loadConfig(MailConfig, { ...GOOD, DRY_RUN: 'true', LOG_LEVEL: '', PATH: '/bin' });
    expect(config).toBeInstanceOf(MailConfig);
    expect(config).toMatchObject({
      ...GOOD,
      HTTP_HOST: '0.0.0.0',
      HTTP_PORT: 3001,
      HTTP_KEEP_ALIVE_SECONDS: 75,
      DATABASE_POOL_SIZE: 10,
      KAFKA_BROKERS: ['one:9092', 'two.example:9093'],
      OIDC_AUDIENCE: 'contact-expunge',
      LOG_LEVEL: 'info',
      STOP_DEADLINE_SECONDS: 45,
      DRY_RUN: true,
    });
    expect(config).not.toHaveProperty('PATH');
  });
});

describe('When the configuration is wrong', () => {
  test('then all problems are said at once, without the values', () => {
    const env = {
      HTTP_PORT: 's3cret',
      DATABASE_URL: 'mysql://app:s3cret@db',
      KAFKA_BROKERS: 's3cret',
      LOG_LEVEL: 's3cret',
    };
    expect(problemsOf({ ...env, DRY_RUN: 'yes', SMTP_POOL: '2.5', KEYRING_FILE: '/no/s3cret' })).toEqual({
      HTTP_PORT: 'must be a whole number from 0 to 65535',
      DATABASE_URL: 'must be an address that starts with postgres:// or postgresql://',
      KAFKA_BROKERS: 'must be a list of host:port, separated by commas',
      OIDC_ISSUER: 'is missing',
      OIDC_JWKS_URL: 'is missing',
      LOG_LEVEL: 'must be one of the following values: fatal, error, warn, info, debug, trace, silent',
      DRY_RUN: 'must be true or false',
      SMTP_POOL: 'must be a whole number from 1 to 10',
      KEYRING_FILE: 'must be the path of a file that can be read',
    });
  });

  test.each(['', ' ', '1e3x', '-1', '65536', '0x10f'])('then a port %j is refused', (port) => {
    expect(Object.keys(problemsOf({ ...GOOD, HTTP_PORT: port }))).toEqual(['HTTP_PORT']);
  });

  test('then migrate asks for the address of the owner only', () => {
    expect(() => loadConfig(MigrateConfig, {})).toThrow('DATABASE_OWNER_URL is missing');
  });
});

describe('When passwords and certificates are in files', () => {
  const file = import.meta.filename;
  const nothing = '/dev/null';
  const address = 'postgres://app@db.example/contact';

  test('then an address without a password goes with them', () => {
    const env = {
      DATABASE_URL: address,
      DATABASE_PASSWORD_FILE: file,
      DATABASE_TLS_CA_FILE: file,
      KAFKA_SASL_USERNAME: 'contact-service',
      KAFKA_SASL_PASSWORD_FILE: file,
      KAFKA_TLS_CA_FILE: file,
    };
    expect(loadConfig(MailConfig, { ...GOOD, ...env })).toMatchObject({
      ...env,
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
    });
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'a password in the address besides',
      { DATABASE_PASSWORD_FILE: file },
      { DATABASE_PASSWORD_FILE: 'cannot be given together with password in DATABASE_URL' },
    ],
    [
      'another way of TLS in the address',
      { DATABASE_URL: `${address}?sslmode=require`, DATABASE_TLS_CA_FILE: file },
      { DATABASE_TLS_CA_FILE: 'cannot be given together with ssl in DATABASE_URL' },
    ],
    [
      'an empty password file',
      { DATABASE_URL: address, DATABASE_PASSWORD_FILE: nothing },
      { DATABASE_PASSWORD_FILE: 'must be the path of a file that can be read and is not empty' },
    ],
    [
      'a certificate without its key and authority',
      { DATABASE_TLS_CERT_FILE: file },
      { DATABASE_TLS_CERT_FILE: 'needs DATABASE_TLS_CA_FILE; needs DATABASE_TLS_KEY_FILE' },
    ],
    ['a key alone', { KAFKA_TLS_KEY_FILE: file }, { KAFKA_TLS_KEY_FILE: 'needs KAFKA_TLS_CERT_FILE' }],
    ['a name alone', { KAFKA_SASL_USERNAME: 'x' }, { KAFKA_SASL_USERNAME: 'needs KAFKA_SASL_PASSWORD_FILE' }],
    ['a password alone', { KAFKA_SASL_PASSWORD_FILE: file }, { KAFKA_SASL_PASSWORD_FILE: 'needs KAFKA_SASL_USERNAME' }],
    [
      'both a password and a certificate for Kafka',
      {
        KAFKA_SASL_USERNAME: 'x',
        KAFKA_SASL_PASSWORD_FILE: file,
        KAFKA_TLS_CA_FILE: file,
        KAFKA_TLS_CERT_FILE: file,
        KAFKA_TLS_KEY_FILE: file,
      },
      { KAFKA_TLS_CERT_FILE: 'cannot be given together with KAFKA_SASL_USERNAME' },
    ],
  ])('then %s is refused', (_, env, problems) => {
    const found = problemsOf({ ...GOOD, ...env });
    expect(
      Object.fromEntries(Object.entries(found).map(([name, text]) => [name, text.split('; ').sort().join('; ')])),
    ).toEqual(problems);
  });

  test('then migrate asks for the same of its own address', () => {
    const env = { DATABASE_OWNER_URL: 'postgres://owner:s3cret@db/contact', DATABASE_OWNER_PASSWORD_FILE: file };
    expect(() => loadConfig(MigrateConfig, env)).toThrow('DATABASE_OWNER_PASSWORD_FILE cannot be given together');
  });
});
