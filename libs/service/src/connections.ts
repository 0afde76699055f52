import type { KafkaConnection } from '#messaging';
import { ConfigurationError, type MigrateConfig, type ServiceConfig } from './config.js';
import type { DatabaseAccess } from './database.js';
import { secretFile, type TlsFiles, tlsFromFiles, type TlsSettings } from './secret-files.js';

/** How a running service reaches its database. Throws {@link ConfigurationError} when certificate files cannot be used. */
export function databaseAccess(config: ServiceConfig): DatabaseAccess {
  return { url: config.DATABASE_URL, ...passwordIn(config.DATABASE_PASSWORD_FILE), ...databaseTls(config) };
}

/** How `migrate` reaches it, as the owner. */
export function ownerAccess(config: MigrateConfig): DatabaseAccess {
  return { url: config.DATABASE_OWNER_URL, ...passwordIn(config.DATABASE_OWNER_PASSWORD_FILE), ...databaseTls(config) };
}

/** How a service reaches the brokers, and who it is to them. */
export function kafkaConnection(config: ServiceConfig): KafkaConnection {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD_FILE: file, KAFKA_SASL_MECHANISM: mechanism } = config;
  const files = { ca: config.KAFKA_TLS_CA_FILE, cert: config.KAFKA_TLS_CERT_FILE, key: config.KAFKA_TLS_KEY_FILE };
  return {
    brokers: config.KAFKA_BROKERS,
    tls: tlsSettings('KAFKA_TLS_CA_FILE', files),
    login: username && file ? { mechanism, username, password: secretFile(file) } : undefined,
  };
}

function passwordIn(file?: string): Pick<DatabaseAccess, 'password'> {
  return file === undefined ? {} : { password: secretFile(file) };
}

function databaseTls(config: ServiceConfig | MigrateConfig): Pick<DatabaseAccess, 'tls'> {
  const { DATABASE_TLS_CA_FILE: ca, DATABASE_TLS_CERT_FILE: cert, DATABASE_TLS_KEY_FILE: key } = config;
  return { tls: tlsSettings('DATABASE_TLS_CA_FILE', { ca, cert, key }) };
}

function tlsSettings(variable: string, { ca, ...own }: Partial<TlsFiles>): TlsSettings | undefined {
  if (ca === undefined) return undefined;
  try {
    return tlsFromFiles({ ca, ...own });
  } catch {
    const problem = 'and the files beside it must be PEM certificates and the key that belongs to them';
    throw new ConfigurationError([{ variable, problem }]);
  }
}
