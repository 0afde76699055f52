import { DataSource } from 'typeorm';
import { SafeMessageError, safeError } from '#messaging';
import type { ServiceConfig } from '../config.js';
import { databaseAccess } from '../connections.js';
import { databaseOptions } from '../database.js';
import { DatabaseNotReached, mayBeStarting } from '../migrate.js';
import { type KnownHead, verifyAuditLog } from './verify-audit-log.js';

export interface AuditCommand {
  readonly action: 'verify';
  readonly heads: readonly KnownHead[];
}

class AuditLogUnreadable extends SafeMessageError {}

const HEAD = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([1-9]\d{0,14}):([0-9a-f]{64})$/;

/** `verify` with any number of `--head <tenant>:<n>:<hash>`; undefined when it makes no sense. */
export function parseAuditCommand([action, ...options]: readonly string[]): AuditCommand | undefined {
  if (action !== 'verify' || options.length % 2 !== 0) return undefined;
  const heads: KnownHead[] = [];
  for (let at = 0; at < options.length; at += 2) {
    const [, tenantId, n, hash] = HEAD.exec((options[at + 1] ?? '').toLowerCase()) ?? [];
    if (options[at] !== '--head' || !tenantId || !n || !hash) return undefined;
    heads.push({ tenantId, n: Number(n), hash });
  }
  return { action, heads };
}

/** {@link verifyAuditLog} of a service's database, as its application role. Throws {@link DatabaseNotReached}. */
export async function runAuditCommand(
  name: string,
  config: ServiceConfig,
  { heads }: AuditCommand,
  print: (line: string) => void,
): Promise<boolean> {
  const access = databaseAccess(config);
  const parts = { name: `${name} audit`, access, poolSize: 1, entities: [], onIdleError: () => undefined };
  const db = new DataSource(databaseOptions(parts));
  try {
    await db.initialize();
    return await verifyAuditLog(db, heads, print);
  } catch (error) {
    if (!db.isInitialized && mayBeStarting(error)) throw new DatabaseNotReached(error);
    throw new AuditLogUnreadable(`The audit log cannot be read: ${JSON.stringify(safeError(error))}`);
  } finally {
    if (db.isInitialized) await db.destroy();
  }
}
