import type { EntityManager } from 'typeorm';

/**
 * Those of these contacts whose import was taken back: they must not be asked to opt in any more. For who asks, after the
 * locks on the subjects. Until that transaction ends no import of these contacts can be taken back, so that nobody is asked
 * and removed as never asked; imports under way are not held up.
 */
export async function ofUndoneImports(tx: EntityManager, contactIds: readonly string[]): Promise<Set<string>> {
  await tx.query(
    `SELECT 1 FROM import WHERE id IN (SELECT import_id FROM contact WHERE id = ANY($1::uuid[]))
     ORDER BY id FOR KEY SHARE`,
    [contactIds],
  );
  const rows: { id: string }[] = await tx.query(
    `SELECT contact.id FROM contact JOIN import ON import.id = contact.import_id
     WHERE contact.id = ANY($1::uuid[]) AND import.state IN ('undoing', 'undone')`,
    [contactIds],
  );
  return new Set(rows.map(({ id }) => id));
}
