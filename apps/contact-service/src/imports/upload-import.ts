import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { IsIn } from 'class-validator';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { failPoint, inTenant } from '#messaging';
import { Audit, Optional, PlainText, Pumps, Rejection, type TenantCaller } from '#service';
import { ContactConfig } from '../config.js';
import { Tenant } from '../tenants/tenant.js';
import { type Head, readHead } from './csv/head.js';
import { StructureCheck } from './csv/structure-check.js';
import { type StagedEncoding, TextBytes } from './csv/text-bytes.js';
import { unusable } from './csv/unusable-file.js';
import { Import, LAWFUL_BASES, type LawfulBasis } from './import.js';
import { type ImportView, importViewOf } from './import-view.js';
import { dropPieces, stagePiece } from './staged-pieces.js';
import { PIECE_BYTES, uploadPieces } from './upload-pieces.js';

/** Said of all rows that do not say it in a column of their own. */
export class NewImport {
  /** Where these people are from, in the company's words. */
  @Optional() @PlainText(200) source?: string;
  @Optional() @IsIn(LAWFUL_BASES) lawfulBasis?: LawfulBasis;
}

interface Uploaded {
  readonly encoding: StagedEncoding;
  readonly rows: number;
}

/**
 * Takes a CSV file and keeps it, piece by piece, until it is imported: so the import goes on in any process whatever happens
 * to this one. Needs no more memory for a large one. The whole structure is checked on the way; a file that is broken anywhere
 * is refused here, and nothing of it stays.
 */
@Injectable()
export class UploadImport {
  constructor(
    private readonly db: DataSource,
    private readonly config: ContactConfig,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
  ) {}

  async execute(caller: TenantCaller, about: NewImport, upload: Readable): Promise<ImportView> {
    const pieces = uploadPieces(upload, this.config.MAX_IMPORT_BYTES);
    try {
      return await this.take(caller, about, pieces);
    } finally {
      await pieces.return(undefined);
    }
  }

  private async take(caller: TenantCaller, about: NewImport, pieces: AsyncGenerator<Buffer>): Promise<ImportView> {
    const text = new TextBytes();
    const { value: first = Buffer.alloc(0) } = (await pieces.next()) as IteratorResult<Buffer, undefined>;
    const begin = text.take(first);
    const head = readHead(begin, first.length < PIECE_BYTES);
    requireBasis(head, about);
    const owner = { id: uuidv7(), tenantId: caller.tenantId };
    await this.begin(caller, owner.id, about, head);
    try {
      const uploaded = await this.stage(owner, head, begin, following(pieces, text));
      return await this.release(caller, owner.id, uploaded);
    } catch (error) {
      await this.discard(owner);
      throw error;
    }
  }

  private async begin(caller: TenantCaller, id: string, { source, lawfulBasis }: NewImport, head: Head): Promise<void> {
    const { tenantId, subject } = caller;
    await inTenant(this.db, tenantId, async (tx) => {
      if (!(await tx.existsBy(Tenant, { id: tenantId }))) throw notSetUp();
      await tx.insert(Import, {
        id,
        tenantId,
        state: 'uploading',
        sourceDetail: source,
        lawfulBasis,
        columns: [...head.columns],
        delimiter: head.delimiter,
        createdBy: subject,
      });
    });
  }

  private async stage(
    owner: { readonly id: string; readonly tenantId: string },
    head: Head,
    begin: Buffer,
    rest: AsyncGenerator<Buffer, StagedEncoding>,
  ): Promise<Uploaded> {
    const structure = new StructureCheck(head.delimiter);
    for (let n = 0, bytes = begin; ; n += 1) {
      await structure.take(bytes);
      if (!(await stagePiece(this.db, owner, n, bytes))) throw calledOff();
      failPoint('import.staged');
      const next = await rest.next();
      if (next.done) return { encoding: next.value, rows: await rowsOf(structure) };
      bytes = next.value;
    }
  }

  /** From here on it runs. */
  private async release(caller: TenantCaller, id: string, { encoding, rows }: Uploaded): Promise<ImportView> {
    const { tenantId } = caller;
    const view = await inTenant(this.db, tenantId, async (tx) => {
      const [, released]: [unknown, number] = await tx.query(
        `UPDATE import SET state = 'running', encoding = $3, rows_total = $4, touched_at = now()
         WHERE id = $1 AND tenant_id = $2 AND state = 'uploading'`,
        [id, tenantId, encoding, rows],
      );
      if (released === 0) throw calledOff();
      await this.audit.record(tx, caller, { tenantId, action: 'import.started', target: id, detail: { rows } });
      return importViewOf(await tx.findOneByOrFail(Import, { id, tenantId }));
    });
    this.pumps.wake('run-imports');
    return view;
  }

  /** One that was called off is kept, as such: somebody has seen it. */
  private async discard(owner: { readonly id: string; readonly tenantId: string }): Promise<void> {
    const { id, tenantId } = owner;
    await inTenant(this.db, tenantId, async (tx) => {
      await tx.query(`DELETE FROM import WHERE id = $1 AND tenant_id = $2 AND state = 'uploading'`, [id, tenantId]);
      await dropPieces(tx, owner);
    });
  }
}

/** The pieces after the first one, as they are staged; in the end it is known how all of them are to be read. */
async function* following(pieces: AsyncGenerator<Buffer>, text: TextBytes): AsyncGenerator<Buffer, StagedEncoding> {
  for await (const piece of pieces) yield text.take(piece);
  const { bytes, encoding } = text.end();
  if (bytes.length > 0) yield bytes;
  return encoding;
}

async function rowsOf(structure: StructureCheck): Promise<number> {
  const rows = await structure.end();
  if (rows < 1) throw unusable('only-a-header', 'The file has a header and no row.');
  return rows;
}

/** Every contact must be known to be from somewhere, and to be here by right. */
function requireBasis({ mapping }: Head, { source, lawfulBasis }: NewImport): void {
  if (source === undefined && mapping.source.length === 0) {
    throw unusable('no-source', 'It is not said where these people are from.', 'Say it as ?source= or in a column.');
  }
  if (lawfulBasis === undefined && mapping['lawful-basis'].length === 0) {
    const detail = 'Say it as ?lawfulBasis= or in a column "lawful basis".';
    throw unusable('no-lawful-basis', 'It is not said by which lawful basis these people are held.', detail);
  }
}

const notSetUp = (): Rejection => new Rejection('unknown-tenant', 'This client company has not been set up yet.');
const calledOff = (): Rejection => new Rejection('import-cancelled', 'The import was cancelled.');
