import { type DynamicModule, Logger } from '@nestjs/common';
import { QueryFailedError } from 'typeorm';
import type { ServiceName } from '#contracts';
import { safeError, SafeMessageError } from '#messaging';
import { runAuditCommand } from './audit/audit-command.js';
import { type Command, parseCommand, usage } from './command-line.js';
import { type ClassOf, ConfigurationError, loadConfig, MigrateConfig, ServiceConfig } from './config.js';
import { ownerAccess } from './connections.js';
import type { MigrationClass } from './database.js';
import { runDeadLetters } from './dead-letters-command.js';
import { runDoctor } from './doctor/doctor-command.js';
import { migrate } from './migrate.js';
import { documentOf } from './openapi/module-routes.js';
import { requireNodeVersion } from './node-version.js';
import { serve } from './serve.js';

export interface ServiceDefinition<T extends ServiceConfig> {
  readonly name: ServiceName;
  readonly config: ClassOf<T>;
  readonly module: (config: T) => DynamicModule;
  readonly migrations: readonly MigrationClass[];
}

/**
 * The `main` of every service: see {@link usage} for its commands. Never rejects; it ends the process with 0, with 1
 * when something failed, Node is too old or the configuration is wrong (all problems are printed), with 2 for unknown arguments.
 * `serve` returns once the service is up and ends the process when it is told to stop.
 */
export async function runService<T extends ServiceConfig>(
  definition: ServiceDefinition<T>,
  argv: readonly string[] = process.argv.slice(2),
): Promise<void> {
  requireNodeVersion();
  // Whoever started us may go away first; writing to its closed pipe must not end a service.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  const command = parseCommand(argv);
  if (!command) {
    process.stderr.write(usage(definition.name));
    process.exit(2);
  }
  try {
    const succeeded = await run(definition, command);
    if (command.name !== 'serve') process.exit(succeeded ? 0 : 1);
  } catch (error) {
    process.stderr.write(`${definition.name}: ${explain(error)}\n`);
    process.exit(1);
  }
}

async function run<T extends ServiceConfig>(definition: ServiceDefinition<T>, command: Command): Promise<boolean> {
  const { name, config, module, migrations } = definition;
  switch (command.name) {
    case 'help':
      return print(usage(name));
    case 'openapi':
      // Of a module that is never started: its configuration may be empty.
      return print(JSON.stringify(documentOf(name, module(new config())), null, 2));
    case 'migrate': {
      const applied = await migrate(name, ownerAccess(loadConfig(MigrateConfig)), migrations);
      return print(`${name}: schema is at ${migrations.length} migrations, applied ${applied.length}`);
    }
    case 'dead-letters':
      return runDeadLetters(module(loadConfig(config)), command.command, print);
    case 'audit':
      return runAuditCommand(name, loadConfig(ServiceConfig), command.command, print);
    case 'doctor':
      Logger.overrideLogger(false);
      return runDoctor(definition, loadConfig(config), command.command, print);
    case 'serve':
      await serve(module(loadConfig(config)));
      return true;
  }
}

function print(line: string): true {
  process.stdout.write(`${line.trimEnd()}\n`);
  return true;
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/**
 * Before it serves, a service holds no personal data, but its addresses hold passwords, and what a migration chokes on
 * may be somebody's: of the database's messages only those about the schema (SQLSTATE class 42) are shown.
 */
function explain(error: unknown): string {
  if (error instanceof ConfigurationError) return `the configuration is wrong:\n${indent(error.message)}`;
  if (error instanceof SafeMessageError) return error.message;
  const described = safeError(error);
  const quotesData = error instanceof QueryFailedError && !described.code?.startsWith('42');
  const message = error instanceof Error && !quotesData ? error.message.replaceAll(/\/\/[^@\s/]*@/g, '//***@') : '';
  return `failed: ${message}\n${indent(JSON.stringify(described))}`;
}

const indent = (text: string): string => text.replaceAll(/^/gm, '  ');
