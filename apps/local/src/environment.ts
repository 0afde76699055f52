import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseName, ServiceName } from './catalogue.js';
import { databaseOf } from './catalogue.js';
import { type DatabaseUrls, withoutPassword } from './databases.js';
import { MAIL_DOMAIN, type Secrets } from './secrets.js';

/** All that the environments of the services are made of. */
export interface EnvironmentFacts {
  urls: Record<ServiceName, string>;
  databases: Record<DatabaseName, DatabaseUrls>;
  brokers: string[];
  identity: { issuer: string; audience: string; jwksUrl: string };
  smtpUrl: string;
  bouncePort: number;
  secrets: Secrets;
  logLevel: string;
  /** Settings added to or replacing those of one service. */
  extra?: Partial<Record<ServiceName, Record<string, string>>>;
}

/** What one service finds in its environment. It never holds the owner role of the database. */
export function serviceEnvironment(name: ServiceName, facts: EnvironmentFacts): Record<string, string> {
  return {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: new URL(facts.urls[name]).port,
    ...databaseSettings(facts.databases[databaseOf(name)]),
    KAFKA_BROKERS: facts.brokers.join(','),
    OIDC_ISSUER: facts.identity.issuer,
    OIDC_AUDIENCE: facts.identity.audience,
    OIDC_JWKS_URL: facts.identity.jwksUrl,
    LOG_LEVEL: facts.logLevel,
    ...ownSettings(name, facts),
    ...facts.extra?.[name],
  };
}

/** What `main migrate` needs besides. */
export function migrateEnvironment(name: ServiceName, facts: EnvironmentFacts): Record<string, string> {
  const { ownerUrl, ownerPasswordFile: file } = facts.databases[databaseOf(name)];
  if (file === undefined) return { DATABASE_OWNER_URL: ownerUrl };
  return { DATABASE_OWNER_URL: withoutPassword(ownerUrl), DATABASE_OWNER_PASSWORD_FILE: file };
}

function databaseSettings({ appUrl, appPasswordFile: file }: DatabaseUrls): Record<string, string> {
  if (file === undefined) return { DATABASE_URL: appUrl };
  return { DATABASE_URL: withoutPassword(appUrl), DATABASE_PASSWORD_FILE: file };
}

function ownSettings(name: ServiceName, facts: EnvironmentFacts): Record<string, string> {
  const privacyUrl = facts.urls['privacy-service'];
  switch (name) {
    case 'contact-service':
      return {
        SEAL_KEYRING_FILE: facts.secrets.sealKeyringFile,
        SUPPRESSION_KEY_FILE: facts.secrets.suppressionKeyFile,
        STATUS_PAGE_URL: `${privacyUrl}/status/`,
        REMOVAL_LINK_URL: `${facts.urls['contact-service']}/r/`,
        OPT_IN_LINK_URL: `${facts.urls['contact-service']}/o/`,
      };
    case 'notification-service':
      return {
        SEAL_KEYRING_FILE: facts.secrets.sealKeyringFile,
        SMTP_URL: facts.smtpUrl,
        MAIL_DOMAIN,
        DKIM_KEYS_FILE: facts.secrets.dkimKeysFile,
        BOUNCE_SMTP_PORT: String(facts.bouncePort),
        BOUNCE_SMTP_HOST: '127.0.0.1',
      };
    case 'privacy-service':
      return { CERTIFICATE_KEYS_FILE: facts.secrets.certificateKeysFile, CERTIFICATE_ISSUER: privacyUrl };
    case 'workflow-service':
      return {};
  }
}

/**
 * Writes an environment to `<dir>/<name>.env` (mode 600), for `node --env-file` or a shell, so that a command
 * can be run beside the service. Values never hold line ends.
 */
export function writeEnvironmentFile(dir: string, name: string, env: Record<string, string>): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lines = Object.entries(env).map(([key, value]) => `${key}=${quoted(value)}\n`);
  writeFileSync(join(dir, `${name}.env`), lines.join(''), { mode: 0o600 });
}

function quoted(value: string): string {
  if (/^[\w:/.,@%+=-]*$/.test(value)) return value;
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}
