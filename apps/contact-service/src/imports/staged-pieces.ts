import type { DataSource, EntityManager } from 'typeorm';
import { inTenant } from '#messaging';

interface Owner {
  readonly id: string;
  readonly tenantId: string;
}

/** Keeps a piece of the file; false when the upload was called off meanwhile. */
export async function stagePiece(db: DataSource, { id, tenantId }: Owner, n: number, bytes: Buffer): Promise<boolean> {
  return inTenant(db, tenantId, async (tx) => {
    const [, waiting]: [unknown, number] = await tx.query(
      `UPDATE import SET bytes = bytes + $3, touched_at = now()
       WHERE id = $1 AND tenant_id = $2 AND state = 'uploading'`,
      [id, tenantId, bytes.length],
    );
    if (waiting === 0) return false;
    await tx.query('INSERT INTO import_piece (import_id, n, tenant_id, bytes) VALUES ($1, $2, $3, $4)', [
      id,
      n,
      tenantId,
      bytes,
    ]);
    return true;
  });
}

/** The pieces of a file in their order, each read when the one before is used up. */
export async function* stagedPieces(db: DataSource, { id, tenantId }: Owner): AsyncGenerator<Buffer> {
  for (let n = 0; ; n += 1) {
    const [piece] = await inTenant(db, tenantId, (tx): Promise<{ bytes: Buffer }[]> =>
      tx.query('SELECT bytes FROM import_piece WHERE import_id = $1 AND n = $2 AND tenant_id = $3', [id, n, tenantId]),
    );
    if (!piece) return;
    yield piece.bytes;
  }
}

/** The file is not needed any more. */
export async function dropPieces(tx: EntityManager, { id, tenantId }: Owner): Promise<void> {
  await tx.query('DELETE FROM import_piece WHERE import_id = $1 AND tenant_id = $2', [id, tenantId]);
}
