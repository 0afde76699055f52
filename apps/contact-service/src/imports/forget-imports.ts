import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ContactConfig } from '../config.js';

/** No piece has come for so long: whoever took the upload is gone. */
const UPLOAD_ABANDONED_MINUTES = 15;
/**
 * An import that has not ended so long after its first row, or not begun so long after its upload because others of the
 * company come first, is given up: people who are removed meanwhile may stand in what is left of its file. Certificates name
 * the sum.
 */
const RUNNING_HOURS = 24;
const WAITING_HOURS = 72;
/** That there was an import, with its counts and who asked for it: as long as addresses of removed people are kept out. */
const RECORD_DAYS = 1_095;
const CHUNK = 10_000;
const LOOK_EVERY_MS = 60_000;

/**
 * Ends what imports have stored: uploads nobody finishes, files of imports that do not run, reports whose time is over, and
 * in the end the imports themselves.
 */
@Injectable()
export class ForgetImports implements OnModuleInit {
  private readonly logger = new Logger(ForgetImports.name);

  constructor(
    private readonly db: DataSource,
    private readonly config: ContactConfig,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'forget-imports', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  async execute(): Promise<PumpResult> {
    await this.forgetUploads();
    await this.forgetFiles();
    await this.forgetRecords();
    return (await this.forgetReport()) ? 'more' : 'idle';
  }

  private async forgetUploads(): Promise<void> {
    const [, abandoned]: [unknown, number] = await inEveryTenant(this.db, (tx) =>
      tx.query(`DELETE FROM import WHERE state = 'uploading' AND touched_at < now() - $1 * interval '1 minute'`, [
        UPLOAD_ABANDONED_MINUTES,
      ]),
    );
    if (abandoned > 0) this.logger.warn({ msg: 'uploads were given up', count: abandoned });
  }

  private async forgetFiles(): Promise<void> {
    const [, stuck]: [unknown, number] = await inEveryTenant(this.db, (tx) =>
      tx.query(
        `UPDATE import SET state = 'failed', problem = 'took-too-long', ended_at = now()
         WHERE state = 'running' AND (started_at < now() - $1 * interval '1 hour'
           OR (started_at IS NULL AND created_at < now() - $2 * interval '1 hour'))`,
        [RUNNING_HOURS, WAITING_HOURS],
      ),
    );
    if (stuck > 0) this.logger.error({ msg: 'imports were given up', count: stuck });
    await inEveryTenant(this.db, (tx) =>
      tx.query(
        `DELETE FROM import_piece WHERE NOT EXISTS (
           SELECT FROM import WHERE import.id = import_piece.import_id AND import.state IN ('uploading', 'running'))`,
      ),
    );
  }

  /** Some rows of the report that is over for the longest time; whether there may be more. */
  private async forgetReport(): Promise<boolean> {
    return inEveryTenant(this.db, async (tx) => {
      const [over]: { id: string }[] = await tx.query(
        `SELECT id FROM import WHERE report_kept AND ended_at < now() - $1 * interval '1 day'
         ORDER BY ended_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
        [this.config.IMPORT_REPORT_DAYS],
      );
      if (!over) return false;
      await tx.query(
        `DELETE FROM import_row WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM import_row WHERE import_id = $1 LIMIT $2 FOR UPDATE))`,
        [over.id, CHUNK],
      );
      await tx.query(
        `UPDATE import SET report_kept = false
         WHERE id = $1 AND NOT EXISTS (SELECT FROM import_row WHERE import_id = $1)`,
        [over.id],
      );
      return true;
    });
  }

  private async forgetRecords(): Promise<void> {
    await inEveryTenant(this.db, (tx) =>
      tx.query(
        `DELETE FROM import WHERE id = ANY (ARRAY(
           SELECT id FROM import
           WHERE ended_at < now() - $1 * interval '1 day' AND NOT report_kept AND state <> 'undoing'
           ORDER BY ended_at LIMIT $2))`,
        [RECORD_DAYS, CHUNK],
      ),
    );
  }
}
