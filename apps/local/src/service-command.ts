import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { requireNodeVersion } from '#service';
import { SERVICE_NAMES } from './catalogue.js';
import { baseEnvironment } from './config.js';
import { repositoryRoot } from './paths.js';

requireNodeVersion();

const HELP = `Commands of the services, for the system of npm start:

npm run migrate [-- <service>...]
    Brings the schemas up to date (npm start does it by itself).
npm run dead-letters -- <service> list | replay <id...> | replay --all | discard <id>
    Shows the messages a service could not handle, hands them to it again, or gives one up.

Services: ${SERVICE_NAMES.join(', ')}. PostgreSQL must be running.
Elsewhere, with the service's own environment: node dist/apps/<service>/src/main.js migrate | dead-letters ...
`;

const isService = (name: string | undefined): boolean => SERVICE_NAMES.some((service) => service === name);

/** Runs commands with the environment that npm start wrote for them; returns the first exit code that is not 0. */
function main([command, ...rest]: string[]): number {
  if (rest.includes('--help')) return say(HELP, 0);
  if (command === 'migrate' && rest.every(isService)) {
    const services = rest.length > 0 ? rest : SERVICE_NAMES;
    return services.map((service) => run(service, `${service}.migrate`, ['migrate'])).find((code) => code !== 0) ?? 0;
  }
  const [service, ...words] = rest;
  if (command === 'dead-letters' && service !== undefined && isService(service))
    return run(service, service, [command, ...words]);
  return say(HELP, 2);
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
