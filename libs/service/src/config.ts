import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, IsIn, IsOptional, Length, validateSync } from 'class-validator';
import { SafeMessageError } from '#messaging';
import {
  Address,
  Excludes,
  HostList,
  InsteadOf,
  Needs,
  ReadableFile,
  SecretFile,
  WholeNumber,
} from './config-rules.js';

export type ClassOf<T> = new () => T;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** How the database's server is known, and how we are known to it: PEM files, read again for each new connection. */
class DatabaseTlsConfig {
  /** Whoever signed the server's certificate. With it, a connection without TLS or to another server is refused. */
  @IsOptional()
  @ReadableFile()
  @InsteadOf('ssl', 'DATABASE_URL')
  @InsteadOf('ssl', 'DATABASE_OWNER_URL')
  DATABASE_TLS_CA_FILE?: string;
  @IsOptional()
  @ReadableFile()
  @Needs('DATABASE_TLS_CA_FILE')
  @Needs('DATABASE_TLS_KEY_FILE')
  DATABASE_TLS_CERT_FILE?: string;
  @IsOptional() @ReadableFile() @Needs('DATABASE_TLS_CERT_FILE') DATABASE_TLS_KEY_FILE?: string;
}

export const SASL_MECHANISMS = ['scram-sha-512', 'scram-sha-256'] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** How the brokers are known, and how we are known to them: by a password (SASL) or by a certificate, not by both. */
class TransportConfig extends DatabaseTlsConfig {
  @HostList() KAFKA_BROKERS: string[];
  @IsIn(SASL_MECHANISMS) KAFKA_SASL_MECHANISM: SaslMechanism = 'scram-sha-512';
  @IsOptional() @Length(1, 255) @Needs('KAFKA_SASL_PASSWORD_FILE') KAFKA_SASL_USERNAME?: string;
  /** Read again for each new connection. */
  @IsOptional() @SecretFile() @Needs('KAFKA_SASL_USERNAME') KAFKA_SASL_PASSWORD_FILE?: string;
  /** Whoever signed the brokers' certificates; without it connections are not encrypted. */
  @IsOptional() @ReadableFile() KAFKA_TLS_CA_FILE?: string;
  @IsOptional()
  @ReadableFile()
  @Needs('KAFKA_TLS_CA_FILE')
  @Needs('KAFKA_TLS_KEY_FILE')
  @Excludes('KAFKA_SASL_USERNAME')
  KAFKA_TLS_CERT_FILE?: string;
  @IsOptional() @ReadableFile() @Needs('KAFKA_TLS_CERT_FILE') KAFKA_TLS_KEY_FILE?: string;
}

/** What every service is told by its environment; the property names are the names of the variables. */
export class ServiceConfig extends TransportConfig {
  @Length(1, 255) HTTP_HOST: string = '0.0.0.0';
  /** 0 takes any free port (tests). */
  @WholeNumber(0, 65_535) HTTP_PORT: number;
  /** An unused connection stays open for so long: longer than the proxy in front keeps it, or that one sends into a closed one. */
  @WholeNumber(1, 3_600) HTTP_KEEP_ALIVE_SECONDS: number = 75;
  /** Works as the application role: may change rows, never the schema. */
  @Address('postgres', 'postgresql') DATABASE_URL: string;
  /** The password of that role, instead of one in the address; read again for each new connection. */
  @IsOptional() @SecretFile() @InsteadOf('password', 'DATABASE_URL') DATABASE_PASSWORD_FILE?: string;
  /** The role that owns the schema; only `migrate` uses it, running services should not be given it. */
  @IsOptional() @Address('postgres', 'postgresql') DATABASE_OWNER_URL?: string;
  @WholeNumber(1, 200) DATABASE_POOL_SIZE: number = 10;
  @Address('http', 'https') OIDC_ISSUER: string;
  @Length(1, 255) OIDC_AUDIENCE: string = 'contact-expunge';
  @Address('http', 'https') OIDC_JWKS_URL: string;
  @IsIn(LOG_LEVELS) LOG_LEVEL: LogLevel = 'info';
  /** A stop that takes longer is cut off; less than the supervisor's own patience (60 s in k8s/). */
  @WholeNumber(1, 3_600) STOP_DEADLINE_SECONDS: number = 45;
  /** Where `/metrics` is answered, beside HTTP_PORT; nowhere without it. */
  @IsOptional() @WholeNumber(0, 65_535) METRICS_PORT?: number;
  /** Where traces are sent (OTLP over HTTP, as JSON, to `/v1/traces` below it); nowhere without it. */
  @IsOptional() @Address('http', 'https') OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** How many traces a process begins in a second, at most: those are recorded up to their last span, of the others nothing. */
  @WholeNumber(1, 10_000) TRACES_PER_SECOND: number = 10;
}

/** All `migrate` needs: the job that changes the schema gets no other secret. */
export class MigrateConfig extends DatabaseTlsConfig {
  @Address('postgres', 'postgresql') DATABASE_OWNER_URL: string;
  /** The owner's password, instead of one in the address. */
  @IsOptional() @SecretFile() @InsteadOf('password', 'DATABASE_OWNER_URL') DATABASE_OWNER_PASSWORD_FILE?: string;
}

export interface ConfigurationProblem {
  readonly variable: string;
  readonly problem: string;
}

/** Everything that is wrong with the configuration at once; never a value, since values are secrets. */
export class ConfigurationError extends SafeMessageError {
  constructor(readonly problems: readonly ConfigurationProblem[]) {
    super(problems.map(({ variable, problem }) => `${variable} ${problem}`).join('\n'));
  }
}

/**
 * Reads the variables the class declares, converts and checks them.
 * An empty variable counts as not set. Throws {@link ConfigurationError} with all problems.
 */
export function loadConfig<T extends object>(configClass: ClassOf<T>, env: NodeJS.ProcessEnv = process.env): T {
  const given = Object.fromEntries(variablesOf(configClass).flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const config = plainToInstance(configClass, given, { exposeDefaultValues: true });
  const problems = validateSync(config, { forbidUnknownValues: true }).map((error) => ({
    variable: error.property,
    problem: given[error.property] === undefined ? 'is missing' : describe(error.property, error.constraints),
  }));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return config;
}

function variablesOf(configClass: ClassOf<object>): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(configClass, '', false, false);
  return [...new Set(rules.map((rule) => rule.propertyName))];
}

/** class-validator's own sentences begin with the name of the property. */
function describe(variable: string, constraints: Record<string, string> = {}): string {
  const sentences = Object.values(constraints).map((text) => text.replace(`${variable} `, ''));
  return sentences.join('; ') || 'is invalid';
}
