import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { failPoint, inEveryTenant, inTenant, isSurroundingsError, safeError } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { mappingOf } from './csv/columns.js';
import { recordsOf } from './csv/records.js';
import { Import } from './import.js';
import { ImportChunk } from './import-chunk.js';
import { personOf, type ReadRow } from './import-row.js';
import { MOST_WAITING, RelayBacklog } from './relay-backlog.js';
import { stagedPieces } from './staged-pieces.js';
import { claimNext, finish, lockPosition, keepClaims, moveOn, type Position, type Worker } from './import-position.js';

const ROWS = 1_000;
const LOOK_EVERY_MS = 1_000;
/** Each has a parser and a piece of its file in memory. */
const MOST_AT_ONCE = 4;

/** An import this process is at, and where in its file. */
interface Session {
  readonly of: Import;
  readonly chunks: AsyncGenerator<ReadRow[]>;
  /** Read ahead while the database is busy with the chunk before. */
  next: Promise<IteratorResult<ReadRow[]>>;
  position: number;
  /** More messages wait than should. */
  isAhead: boolean;
}

/**
 * Imports files chunk by chunk, each chunk in one transaction with the new position. A process that dies leaves a position;
 * another one (or the same later) reads the file again from its beginning and goes on behind it, so no row is lost or doubled.
 * A company's imports run one after the other, those of several companies in turns.
 */
@Injectable()
export class RunImports implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(RunImports.name);
  private readonly worker: Worker = { id: randomUUID() };
  private readonly sessions = new Map<string, Session>();
  private lookAt = 0;

  constructor(
    private readonly db: DataSource,
    private readonly importChunk: ImportChunk,
    private readonly pumps: Pumps,
    private readonly backlog: RelayBacklog,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'run-imports', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** What was being read is left; others need not wait until the claim runs out. */
  async onModuleDestroy(): Promise<void> {
    const open = [...this.sessions.values()];
    await Promise.all(open.map((session) => this.close(session)));
    if (open.length === 0) return;
    const release = 'UPDATE import SET worker = NULL, worker_until = NULL WHERE worker = $1';
    await inEveryTenant(this.db, (tx) => tx.query(release, [this.worker.id])).catch(() => undefined);
  }

  /** One chunk of one import; 'more' while there is any. */
  async execute(): Promise<PumpResult> {
    await this.claim();
    const [session] = this.sessions.values();
    if (!session) return 'idle';
    if (session.isAhead && (await this.mustPause(session))) return 'more';
    // Behind the others, so that they take turns.
    this.sessions.delete(session.of.id);
    this.sessions.set(session.of.id, session);
    const goesOn = await this.importNext(session).catch((error: unknown) => this.failed(session, error));
    failPoint('import.chunk-committed');
    if (!goesOn) await this.close(session);
    return 'more';
  }

  private async claim(): Promise<void> {
    if (this.sessions.size > 0 && performance.now() < this.lookAt) return;
    const claimed = await inEveryTenant(this.db, async (tx) => {
      if (this.sessions.size > 0) await keepClaims(tx, this.worker, [...this.sessions.keys()]);
      return this.sessions.size < MOST_AT_ONCE ? claimNext(tx, this.worker) : null;
    });
    if (claimed) this.open(claimed);
    else this.lookAt = performance.now() + LOOK_EVERY_MS;
  }

  private async mustPause(session: Session): Promise<boolean> {
    session.isAhead = await this.backlog.pauseIfLong();
    return session.isAhead;
  }

  private open(of: Import): void {
    const { delimiter, encoding, rowsRead: position } = of;
    if (delimiter === null || encoding === null) throw new TypeError('a file that was not checked');
    const records = recordsOf(stagedPieces(this.db, of), { delimiter, encoding }, { from: position, size: ROWS });
    const chunks = understood(records, of);
    this.sessions.set(of.id, { of, chunks, next: ahead(chunks), position, isAhead: false });
    this.logger.log({ msg: 'import runs', importId: of.id, from: position, rows: of.rowsTotal });
  }

  /** Whether there may be more to import. */
  private async importNext(session: Session): Promise<boolean> {
    const { of, chunks } = session;
    const { value: rows, done } = await session.next;
    if (!done) session.next = ahead(chunks);
    return inTenant(this.db, of.tenantId, async (tx) => {
      const found = await lockPosition(tx, of, this.worker);
      if (found?.rowsRead !== session.position) return false;
      if (done) return this.end(tx, found);
      const counts = await this.importChunk.execute(tx, found, rows);
      failPoint('import.rows-added');
      session.isAhead = (await moveOn(tx, found, this.worker, { rows: rows.length, ...counts })) > MOST_WAITING;
      session.position += rows.length;
      return true;
    });
  }

  private async end(tx: EntityManager, of: Position): Promise<false> {
    await finish(tx, of, of.rowsRead === of.rowsTotal ? { state: 'done' } : { state: 'failed', problem: 'file-lost' });
    failPoint('import.ended');
    this.logger.log({ msg: 'import ended', importId: of.id, rows: of.rowsRead, imported: of.rowsImported });
    return false;
  }

  /** What the surroundings do is waited out, from the position; anything else would fail again each time. */
  private async failed(session: Session, error: unknown): Promise<false> {
    await this.close(session);
    if (isSurroundingsError(error)) throw error;
    this.logger.error({ msg: 'import failed', importId: session.of.id, error: safeError(error) });
    await inTenant(this.db, session.of.tenantId, async (tx) => {
      const found = await lockPosition(tx, session.of, this.worker);
      if (found) await finish(tx, found, { state: 'failed', problem: 'internal-error' });
    });
    return false;
  }

  private async close(session: Session): Promise<void> {
    this.sessions.delete(session.of.id);
    await session.chunks.return(undefined);
  }
}

async function* understood(chunks: AsyncGenerator<string[][]>, of: Import): AsyncGenerator<ReadRow[]> {
  const mapping = mappingOf(of.columns);
  for await (const chunk of chunks) yield chunk.map((record) => ({ record, found: personOf(record, mapping, of) }));
}

/** A problem is thrown where the chunk is used, not while nobody waits for it. */
function ahead(chunks: AsyncGenerator<ReadRow[]>): Promise<IteratorResult<ReadRow[]>> {
  const next = chunks.next();
  next.catch(() => undefined);
  return next;
}
