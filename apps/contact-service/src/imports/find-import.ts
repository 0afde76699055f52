import type { EntityManager } from 'typeorm';
import { NotFound } from '#service';
import { Import } from './import.js';

export const unknownImport = (): NotFound => new NotFound('unknown-import', 'There is no such import.');

export async function findImport(tx: EntityManager, tenantId: string, id: string): Promise<Import> {
  const found = await tx.findOneBy(Import, { id, tenantId });
  if (!found) throw unknownImport();
  return found;
}

/**
 * The import while nobody else changes it: the chunk under way ends first, and whoever asks one of its contacts to opt in
 * has committed. Looks after the lock, in a second statement.
 */
export async function lockImport(tx: EntityManager, tenantId: string, id: string): Promise<Import> {
  await tx.query('SELECT 1 FROM import WHERE id = $1 AND tenant_id = $2 FOR UPDATE', [id, tenantId]);
  return findImport(tx, tenantId, id);
}
