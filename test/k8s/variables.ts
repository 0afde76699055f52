import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getMetadataStorage } from 'class-validator';
import type { ServiceName } from '#contracts';
import { type ClassOf, ConfigurationError, loadConfig } from '#service';
import { ContactConfig } from '../../apps/contact-service/src/config.js';
import { NotificationConfig } from '../../apps/notification-service/src/config.js';
import { PrivacyConfig } from '../../apps/privacy-service/src/config.js';
import { WorkflowConfig } from '../../apps/workflow-service/src/config.js';
import { MigrateConfig } from '../../libs/service/src/config.js';

export type Variables = Readonly<Record<string, string>>;

export const CONFIGS: Readonly<Record<ServiceName, ClassOf<object>>> = {
  'contact-service': ContactConfig,
  'workflow-service': WorkflowConfig,
  'notification-service': NotificationConfig,
  'privacy-service': PrivacyConfig,
};

/** Read by Node itself, and by the C library under it. */
const BY_NODE = new Set(['NODE_OPTIONS', 'NODE_ENV', 'MALLOC_ARENA_MAX', 'MALLOC_MMAP_THRESHOLD_']);

export const classOf = (service: string, migrates: boolean): ClassOf<object> =>
  migrates ? MigrateConfig : CONFIGS[service as ServiceName];

/** The variables that a configuration class declares. */
export function variablesOf(config: ClassOf<object>): Set<string> {
  const rules = getMetadataStorage().getTargetValidationMetadatas(config, '', false, false);
  return new Set(rules.map((rule) => rule.propertyName));
}

/** Those it is given that it does not know. */
export function unknownTo(config: ClassOf<object>, names: readonly string[]): string[] {
  const known = variablesOf(config);
  return names.filter((name) => !known.has(name) && !BY_NODE.has(name));
}

/** What stands for `$(NAME)` in a value, as Kubernetes puts it in. */
export function expanded(variables: Variables): Variables {
  const entries = Object.entries(variables).map(([name, value]) => [
    name,
    value.replaceAll(/\$\((\w+)\)/g, (text, other: string) => variables[other] ?? text),
  ]);
  return Object.fromEntries(entries) as Variables;
}

/** The names that stand in `$(NAME)` of some value. */
export const usedInValues = (variables: Variables): string[] =>
  Object.values(variables).flatMap((value) => [...value.matchAll(/\$\((\w+)\)/g)].map(([, name]) => name!));

/**
 * What the service itself would say of its environment at the start. The files it names are looked at elsewhere: here
 * each of them is there and not empty.
 */
export function startProblems(config: ClassOf<object>, variables: Variables): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'contact-expunge-env-'));
  const file = join(folder, 'any');
  writeFileSync(file, 'any\n');
  const entries = Object.entries(variables).map(([name, value]) => [name, value && isFile(name) ? file : value]);
  try {
    loadConfig(config, { NODE_ENV: 'production', HTTP_PORT: '3000', ...Object.fromEntries(entries) });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ variable, problem }) => `${variable} ${problem}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const isFile = (name: string): boolean => name.endsWith('_FILE');

/** Without what changes nothing: empty values, and those the class has anyway. */
export function tellingVariables(config: ClassOf<object>, variables: Variables): string[] {
  const defaults = new config() as Record<string, unknown>;
  return Object.entries(variables)
    .filter(([name, value]) => value !== '' && value !== String(defaults[name]))
    .map(([name]) => name)
    .toSorted();
}
