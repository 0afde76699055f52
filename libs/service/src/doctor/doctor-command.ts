import { DataSource } from 'typeorm';
import type { ServiceName } from '#contracts';
import { kafkaClient, safeError } from '#messaging';
import type { ServiceConfig } from '../config.js';
import { databaseAccess, kafkaConnection } from '../connections.js';
import { databaseOptions, type MigrationClass } from '../database.js';
import { examine, lineOf } from './doctor.js';
import type { Finding } from './finding.js';

export interface DoctorCommand {
  /** Instead of the declared number of partitions. */
  readonly partitions?: number;
}

/** Nothing, or `--partitions <n>`; undefined when it makes no sense. */
export function parseDoctorCommand(words: readonly string[]): DoctorCommand | undefined {
  if (words.length === 0) return {};
  const [option, count = ''] = words;
  return option === '--partitions' && words.length === 2 && /^[1-9]\d{0,4}$/.test(count)
    ? { partitions: Number(count) }
    : undefined;
}

/** Prints what is wrong with a service, from its own connections; true when nothing is. Changes nothing. */
export async function runDoctor(
  { name, migrations }: { readonly name: ServiceName; readonly migrations: readonly MigrationClass[] },
  config: ServiceConfig,
  { partitions }: DoctorCommand,
  print: (line: string) => void,
): Promise<boolean> {
  const access = databaseAccess(config);
  const parts = { name: `${name} doctor`, access, poolSize: 2, entities: [], onIdleError: () => undefined };
  const db = new DataSource(databaseOptions(parts));
  const admin = kafkaClient(`${name}-doctor`, kafkaConnection(config)).admin();
  const away = [
    ...(await notAnswering('database', () => db.initialize())),
    ...(await notAnswering('brokers', () => admin.connect())),
  ];
  try {
    const findings = await examine({
      service: name,
      db,
      admin,
      migrations,
      certificates: certificatesOf(config),
      partitions,
    });
    for (const finding of [...away, ...findings]) print(lineOf(finding));
    if (findings.length === 0) print(`${name}: nothing found`);
    return findings.length === 0;
  } finally {
    await Promise.allSettled([db.isInitialized ? db.destroy() : undefined, admin.disconnect()]);
  }
}

/** The checks that need it cannot look then, and say so themselves. */
async function notAnswering(part: string, connect: () => Promise<unknown>): Promise<Finding[]> {
  try {
    await connect();
    return [];
  } catch (error) {
    const { name, code } = safeError(error);
    return [
      { check: part, culprit: `does not answer (${code ?? name})`, todo: 'see that it runs and lets this service in' },
    ];
  }
}

/** Every variable that names a certificate, of whichever service. */
function certificatesOf(config: ServiceConfig): Record<string, string> {
  const files = Object.entries(config).filter(([name, value]) => /_TLS_(CA|CERT)_FILE$/.test(name) && value);
  return Object.fromEntries(files) as Record<string, string>;
}
