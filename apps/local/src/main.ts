import { join } from 'node:path';
import { requireNodeVersion } from '#service';
import { SETTINGS } from './config.js';
import { repositoryRoot } from './paths.js';
import { Stopped, aborted, stopOnSignals } from './stop-on-signals.js';
import { type LocalSystem, startSystem } from './system.js';

requireNodeVersion();

const HELP = `npm start: runs Contact Expunge on this machine. Data is kept in .local between starts.

Needs Node and a Java runtime 17 or newer. Ctrl-C stops everything; a second one does not wait.
Settings, taken from the environment:
${Object.entries(SETTINGS)
  .map(([name, text]) => `  ${name.padEnd(17)} ${text}`)
  .join('\n')}`;

async function main(): Promise<void> {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    print(HELP);
    return;
  }
  // The exit guard kills what is left of the children.
  const stopping = stopOnSignals(() => process.exit(1));
  const started = performance.now();
  const system = await startSystem({
    dataDir: join(repositoryRoot(), '.local'),
    ports: 'fixed',
    fsync: true,
    output: print,
    signal: stopping,
  });
  print(summary(system, (performance.now() - started) / 1000));
  await aborted(stopping);
  print('Stopping: services first, then what they use');
  await system.stop();
  print('Stopped. The data is in .local');
}

function summary(system: LocalSystem, seconds: number): string {
  const lines = Object.entries(system.services).map(([name, service]) => `  ${name.padEnd(21)}${service.url}`);
  const secret = join('.local', 'identity', 'client-secret');
  return [
    `\nContact Expunge runs (${seconds.toFixed(1)} s):`,
    ...lines,
    `  identity provider    ${system.identity.issuer}`,
    `  mail inbox           ${system.mail?.webUrl ?? 'outside (SMTP_URL)'}`,
    `  Kafka                ${system.brokers.join(',')}`,
    `  PostgreSQL           ${system.postgres === undefined ? 'outside (POSTGRES_URL)' : `127.0.0.1:${system.postgres.port}`}`,
    '  logs                 .local/logs',
    '  settings of services .local/env (run a command beside a service with node --env-file)',
    '\nA token for a recruiter (roles: candidate, recruiter, client-admin, privacy-officer, vendor-staff):',
    `  curl -s -u ${system.identity.clientId}:$(cat ${secret}) ${system.identity.tokenUrl} \\`,
    '    -d grant_type=urn:contact-expunge:local -d subject=rita -d roles=recruiter -d tenant_id=<uuid>',
    '\nCtrl-C stops everything.',
  ].join('\n');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof Stopped) process.exit(0);
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
