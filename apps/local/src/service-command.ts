import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { requireNodeVersion } from '#service';
import { SERVICE_NAMES } from './catalogue.js';
import { baseEnvironment } from './config.js';
import { repositoryRoot } from './paths.js';
import { LOCAL_PARTITIONS } from './topics.js';

requireNodeVersion();

const HELP = `Commands of the services, for the system of npm start:

npm run migrate [-- <service>...]
    Brings the schemas up to date (npm start does it by itself).
npm run dead-letters -- <service> list | replay <id...> | replay --all | discard <id>
    Shows the messages a service could not handle, hands them to it again, or gives one up.
npm run audit:verify [-- <service>...]
npm run audit:verify -- <service> --head <tenant>:<n>:<hash> ...
    Recomputes the chains of the audit logs and names the first row that was changed, removed or reordered.
    With heads it printed earlier it also shows a chain that lost its end or was written anew.
npm run doctor [-- <service>...]
    Looks at databases and Kafka as each service sees them, and names who or what is wrong, one line each, with what to do.
    Ends with 0 when nothing is, with 1 when something is, with 2 for words it does not know. Changes nothing.

Services: ${SERVICE_NAMES.join(', ')}. PostgreSQL must be running.
Elsewhere, with the service's own environment: node dist/apps/<service>/src/main.js migrate | dead-letters ... | audit ... | doctor
`;

const isService = (name: string | undefined): boolean => SERVICE_NAMES.some((service) => service === name);

/** Runs commands with the environment that npm start wrote for them; returns the first exit code that is not 0. */
function main([command, ...rest]: string[]): number {
  if (rest.includes('--help')) return say(HELP, 0);
  if (command === 'migrate' && rest.every(isService)) {
    const services = rest.length > 0 ? rest : SERVICE_NAMES;
    return services.map((service) => run(service, `${service}.migrate`, ['migrate'])).find((code) => code !== 0) ?? 0;
  }
  if (command === 'audit') return verifyAuditLogs(rest);
  if (command === 'doctor' && rest.every(isService)) return doctor(rest);
  return command === 'dead-letters' ? deadLetters(rest) : say(HELP, 2);
}

function deadLetters([service, ...words]: string[]): number {
  if (service === undefined) return say(HELP, 2);
  if (!isService(service)) return say(`There is no such service.\n\n${HELP}`, 2);
  return run(service, service, ['dead-letters', ...words]);
}

/** Heads belong to one service: each keeps a chain of its own for the same tenant. */
function verifyAuditLogs(words: string[]): number {
  const count = words.findIndex((word) => !isService(word));
  const named = count < 0 ? words : words.slice(0, count);
  const options = words.slice(named.length);
  if (options.length > 0 && named.length !== 1) return say(HELP, 2);
  const codes = (named.length > 0 ? named : SERVICE_NAMES).map((service) => {
    say(`${service}\n`, 0);
    return run(service, service, ['audit', 'verify', ...options]);
  });
  return codes.find((code) => code !== 0) ?? 0;
}

/** Every service is looked at, also after one that is not well. */
function doctor(services: string[]): number {
  const partitions = ['--partitions', String(LOCAL_PARTITIONS)];
  const codes = (services.length > 0 ? services : SERVICE_NAMES).map((service) => {
    say(`${service}\n`, 0);
    return run(service, service, ['doctor', ...partitions]);
  });
  return Math.max(...codes);
}

function run(service: string, environment: string, words: string[]): number {
  const file = join(repositoryRoot(), '.local', 'env', `${environment}.env`);
  if (!existsSync(file)) return say('There is no local system yet: run npm start first.\n', 1);
  const program = join(repositoryRoot(), 'dist', 'apps', service, 'src', 'main.js');
  const env: NodeJS.ProcessEnv = { ...baseEnvironment(), ...parseEnv(readFileSync(file, 'utf8')) };
  return spawnSync(process.execPath, [program, ...words], { env, stdio: 'inherit' }).status ?? 1;
}

function say(text: string, code: number): number {
  (code === 0 ? process.stdout : process.stderr).write(text);
  return code;
}

process.exitCode = main(process.argv.slice(2));
