import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Data, ExpungeRequested, message } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { inEveryTenant, Outbox } from '#messaging';
import { type PumpResult, Pumps } from '#service';
import { ContactConfig } from '../config.js';

const CHUNK = 500;
const LOOK_EVERY_MS = 30_000;

/**
 * Asks for a removal again, to the letter, for as long as the contact is still here: nobody may have the request any more
 * when it was parked and given up, outlived its topic, or was lost with a restored database. Who has it ignores the
 * repeat. Once the contact is erased, or known to be expunged, there is no row left to repeat from. The row is the timer.
 */
@Injectable()
export class RepeatRequest implements OnModuleInit {
  private readonly logger = new Logger(RepeatRequest.name);

  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly pumps: Pumps,
    private readonly config: ContactConfig,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'repeat-request', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Repeats one chunk of due requests; 'more' when there may be others. Processes may run it at the same time. */
  async execute(): Promise<PumpResult> {
    return inEveryTenant(this.db, async (tx) => {
      const found = await findDue(tx);
      if (found.length === 0) return 'idle';
      // Who waits here for an erase, or for another process, finds below what that has committed.
      await lockKnownSubjects(tx, found);
      const requests = await this.takeDue(tx, found);
      await this.outbox.add(
        tx,
        requests.map((request) => message(ExpungeRequested, request)),
      );
      if (requests.length > 0) this.logger.warn({ msg: 'removals asked for again', count: requests.length });
      return found.length === CHUNK ? 'more' : 'idle';
    });
  }

  /** What is still due under the locks, with the timer set ahead. */
  private async takeDue(tx: EntityManager, found: readonly string[]): Promise<Data<ExpungeRequested>[]> {
    const [rows]: [{ expunge_request: Data<ExpungeRequested> }[], number] = await tx.query(
      `UPDATE contact SET expunge_repeat_at = now() + $2 * interval '1 second'
       WHERE id = ANY($1::uuid[]) AND state = 'expunging' AND expunge_repeat_at <= now()
       RETURNING expunge_request`,
      [found, this.config.EXPUNGE_REPEAT_AFTER_SECONDS],
    );
    return rows.map((row) => row.expunge_request);
  }
}

/** Looks without locks: the rows of the contacts may only be locked after those of their subjects. */
async function findDue(tx: EntityManager): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    'SELECT id FROM contact WHERE expunge_repeat_at <= now() ORDER BY expunge_repeat_at LIMIT $1',
    [CHUNK],
  );
  return rows.map((row) => row.id);
}
