/** Everything the launcher takes from its environment. The only file that reads it. */
export interface LocalConfig {
  /** Identity provider; services follow at +1 to +4, the inbox at +25 (SMTP) and +80 (web), bounces at +26. */
  portBase: number;
  postgresPort: number;
  /** The broker; its controller listens on the next one. */
  kafkaPort: number;
  /** Real servers that replace the embedded ones. */
  kafkaBrokers?: string[];
  postgresUrl?: string;
  smtpUrl?: string;
  logLevel: string;
}

/** Thrown with every problem of the environment at once. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';

  constructor(readonly problems: string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  }
}

/** Help text for each setting, in the order in which `npm start -- --help` prints them. */
export const SETTINGS: Record<string, string> = {
  PORT_BASE: 'first of the ports of services, identity provider and inbox (3100)',
  POSTGRES_PORT: 'port of the embedded PostgreSQL (54329)',
  KAFKA_PORT: 'port of the embedded Kafka; its controller takes the next one (19092)',
  KAFKA_BROKERS: 'brokers of a running Kafka, host:port separated by commas, instead of the embedded one',
  POSTGRES_URL: "a superuser's postgres:// address of a running server, instead of the embedded one",
  SMTP_URL: 'smtp:// or smtps:// address of a mail server, instead of the inbox',
  MAVEN_REPOSITORY: 'https:// address of another Maven repository to fetch Kafka from',
  LOG_LEVEL: 'trace, debug, info, warn, error or fatal (info)',
};

/** Reads and checks the environment; throws ConfigInvalid that names every problem. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): LocalConfig {
  const problems: string[] = [];
  const config: LocalConfig = {
    portBase: port(env, 'PORT_BASE', 3100, 65_535 - 80, problems),
    postgresPort: port(env, 'POSTGRES_PORT', 54_329, 65_535, problems),
    kafkaPort: port(env, 'KAFKA_PORT', 19_092, 65_534, problems),
    kafkaBrokers: brokers(env, problems),
    postgresUrl: url(env, 'POSTGRES_URL', ['postgres:', 'postgresql:'], problems),
    smtpUrl: url(env, 'SMTP_URL', ['smtp:', 'smtps:'], problems),
    logLevel: env['LOG_LEVEL'] ?? 'info',
  };
  if (!['trace', 'debug', 'info', 'warn', 'error', 'fatal'].includes(config.logLevel)) {
    problems.push('LOG_LEVEL: one of trace, debug, info, warn, error, fatal');
  }
  url(env, 'MAVEN_REPOSITORY', ['https:', 'http:'], problems);
  if (problems.length > 0) throw new ConfigInvalid(problems);
  return config;
}

/** The little that programs we start inherit: no NODE_OPTIONS of a test run, no settings meant for others. */
export function baseEnvironment(): Record<string, string> {
  const inherited = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'];
  return Object.fromEntries(
    inherited.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Where a Java runtime was set up by hand, if it was. */
export function javaHome(): string | undefined {
  return process.env['JAVA_HOME'] || undefined;
}

/** The client secret of an identity provider that runs elsewhere (demo --external). */
export function identitySecret(): string | undefined {
  return process.env['IDENTITY_SECRET'] || undefined;
}

/** Another Maven repository than the public one, with a slash at its end. */
export function mavenRepository(): string | undefined {
  const value = process.env['MAVEN_REPOSITORY'];
  return value ? value.replace(/\/*$/, '/') : undefined;
}

function port(env: NodeJS.ProcessEnv, name: string, usual: number, max: number, problems: string[]): number {
  const text = env[name];
  if (text === undefined || text === '') return usual;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1024 && value <= max) return value;
  problems.push(`${name}: a port from 1024 to ${max}`);
  return usual;
}

function brokers(env: NodeJS.ProcessEnv, problems: string[]): string[] | undefined {
  const text = env['KAFKA_BROKERS'];
  if (text === undefined || text === '') return undefined;
  const list = text.split(',').map((broker) => broker.trim());
  if (!list.every((broker) => /^[^\s:,]+:\d{1,5}$/.test(broker) || /^\[[^\]]+\]:\d{1,5}$/.test(broker))) {
    problems.push('KAFKA_BROKERS: host:port, several separated by commas');
  }
  return list;
}

function url(env: NodeJS.ProcessEnv, name: string, protocols: string[], problems: string[]): string | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  // The value may hold a password, so the problem does not repeat it.
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    problems.push(`${name}: an address that starts with ${protocols.join('// or ')}//`);
  }
  return text;
}
