import type { EntityManager } from 'typeorm';
import { Import, type ImportState } from './import.js';
import { WAITING } from './relay-backlog.js';
import { dropPieces } from './staged-pieces.js';

/** What became of a chunk, in counts. */
export interface ChunkCounts {
  readonly imported: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/** A process that imports. */
export interface Worker {
  readonly id: string;
}

/** So long after its last chunk a process counts as gone, and another one goes on. */
const CLAIM_SECONDS = 10;

/**
 * Takes the oldest import nobody is at, of a company of which no earlier one runs. Claims only save double work: what keeps
 * rows single is the position.
 */
export async function claimNext(tx: EntityManager, worker: Worker): Promise<Import | null> {
  const [[claimed]]: [{ id: string }[], number] = await tx.query(
    `UPDATE import SET worker = $1, worker_until = clock_timestamp() + $2 * interval '1 second',
       started_at = coalesce(started_at, clock_timestamp())
     WHERE id = (
       SELECT id FROM import AS next
       WHERE state = 'running' AND (worker_until IS NULL OR worker_until < now())
         AND NOT EXISTS (SELECT FROM import AS earlier
           WHERE earlier.tenant_id = next.tenant_id AND earlier.state = 'running' AND earlier.id < next.id)
       ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING id`,
    [worker.id, CLAIM_SECONDS],
  );
  return claimed ? tx.findOneByOrFail(Import, { id: claimed.id }) : null;
}

/** Says that this process is still at these imports, also while they pause. */
export async function keepClaims(tx: EntityManager, worker: Worker, ids: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE import SET worker_until = clock_timestamp() + $3 * interval '1 second'
     WHERE id = ANY($2::uuid[]) AND state = 'running' AND worker = $1`,
    [worker.id, ids, CLAIM_SECONDS],
  );
}

/** How far an import is, while nobody else can move it on. */
export interface Position {
  readonly id: string;
  readonly tenantId: string;
  readonly rowsTotal: number;
  readonly rowsRead: number;
  readonly rowsImported: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/**
 * Locks the import until the transaction ends and shows it as it is then; undefined when it does not run any more (somebody
 * has cancelled it) or another process is at it. Not FOR UPDATE: who only wants to be sure that it is not taken back does not
 * wait.
 */
export async function lockPosition(
  tx: EntityManager,
  { id, tenantId }: { readonly id: string; readonly tenantId: string },
  worker: Worker,
): Promise<Position | undefined> {
  // The row is shown as it is when the lock is there, not as it was before.
  const [position]: Position[] = await tx.query(
    `SELECT id, tenant_id AS "tenantId", rows_total AS "rowsTotal", rows_read AS "rowsRead",
       rows_imported AS "rowsImported", rejected
     FROM import WHERE id = $1 AND tenant_id = $2 AND state = 'running' AND worker = $3 FOR NO KEY UPDATE`,
    [id, tenantId, worker.id],
  );
  return position;
}

/** The new position and counts, in the transaction of the rows themselves. Returns how many messages wait to be published. */
export async function moveOn(
  tx: EntityManager,
  { id, tenantId, rejected }: Position,
  worker: Worker,
  counts: ChunkCounts & { readonly rows: number },
): Promise<number> {
  const sums = { ...rejected };
  for (const [reason, rows] of Object.entries(counts.rejected)) sums[reason] = (sums[reason] ?? 0) + rows;
  const [[row]]: [{ waiting: number }[], number] = await tx.query(
    `UPDATE import SET rows_read = rows_read + $4, rows_imported = rows_imported + $5, rejected = $6,
       touched_at = now(), worker_until = clock_timestamp() + $7 * interval '1 second'
     WHERE id = $1 AND tenant_id = $2 AND worker = $3
     RETURNING (${WAITING}) AS waiting`,
    [id, tenantId, worker.id, counts.rows, counts.imported, JSON.stringify(sums), CLAIM_SECONDS],
  );
  return row?.waiting ?? 0;
}

/** The import has ended, so the file goes. The caller holds the lock on it. */
export async function finish(
  tx: EntityManager,
  of: { readonly id: string; readonly tenantId: string },
  { state, problem }: { readonly state: ImportState; readonly problem?: string },
): Promise<void> {
  await tx.query(
    `UPDATE import SET state = $3, problem = $4, ended_at = clock_timestamp(), worker = NULL, worker_until = NULL
     WHERE id = $1 AND tenant_id = $2`,
    [of.id, of.tenantId, state, problem ?? null],
  );
  await dropPieces(tx, of);
}
