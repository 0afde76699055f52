import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, IsIn, IsOptional, Length, validateSync } from 'class-validator';
import { SafeMessageError } from '#messaging';
import { Address, HostList, WholeNumber } from './config-rules.js';

export type ClassOf<T> = new () => T;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What every service is told by its environment; the property names are the names of the variables. */
export class ServiceConfig {
  @Length(1, 255) HTTP_HOST: string = '0.0.0.0';
  /** 0 takes any free port (tests). */
  @WholeNumber(0, 65_535) HTTP_PORT: number;
  /** Works as the application role: may change rows, never the schema. */
  @Address('postgres', 'postgresql') DATABASE_URL: string;
  /** The role that owns the schema; only `migrate` uses it, running services should not be given it. */
  @IsOptional() @Address('postgres', 'postgresql') DATABASE_OWNER_URL?: string;
  @WholeNumber(1, 200) DATABASE_POOL_SIZE: number = 10;
  @HostList() KAFKA_BROKERS: string[];
  @Address('http', 'https') OIDC_ISSUER: string;
  @Length(1, 255) OIDC_AUDIENCE: string = 'contact-expunge';
  @Address('http', 'https') OIDC_JWKS_URL: string;
  @IsIn(LOG_LEVELS) LOG_LEVEL: LogLevel = 'info';
  /** A stop that takes longer is cut off; less than the supervisor's own patience (60 s in k8s/). */
  @WholeNumber(1, 3_600) STOP_DEADLINE_SECONDS: number = 45;
}

/** All `migrate` needs: the job that changes the schema gets no other secret. */
export class MigrateConfig {
  @Address('postgres', 'postgresql') DATABASE_OWNER_URL: string;
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
