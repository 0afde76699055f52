import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type PumpResult, Pumps, TenantTurns } from '#service';
import { judgeMany } from '../expunge/judge.js';
import { RemoveMany } from '../expunge/remove-many.js';
import { RelayBacklog } from './relay-backlog.js';

const CHUNK = 100;
const PUMP = { name: 'remove-undone', everyMs: 1_000 };

interface Undoing {
  readonly id: string;
  readonly tenantId: string;
  /** The last contact that was dealt with; null: the next look begins with the first one. */
  readonly upTo: string | null;
}

/**
 * Removes the contacts of imports that were taken back, by the policy of the company: they are expunged or disabled, and who is
 * on hold waits. Each one leaves the state `active`, so the rows themselves are the list of what is to be done. A chunk begins
 * where the one before ended: from the first contact on it would walk again along all that are done or are no part of the import.
 * It is over when a look from the first one on finds nobody, since somebody may have become active again behind.
 */
@Injectable()
export class RemoveUndone implements OnModuleInit {
  private readonly turns = new TenantTurns<Undoing>(PUMP, {
    find: findUndoing,
    run: (tx, undoing) => this.removeSome(tx, undoing),
  });

  constructor(
    private readonly db: DataSource,
    private readonly removeMany: RemoveMany,
    private readonly pumps: Pumps,
    private readonly backlog: RelayBacklog,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ ...PUMP, run: () => this.execute() });
  }

  /** One chunk of one import; 'more' while there is any. Processes may run it at the same time. */
  async execute(): Promise<PumpResult> {
    if (await this.backlog.pauseIfLong()) return 'more';
    return this.turns.next(this.db);
  }

  private async removeSome(tx: EntityManager, undoing: Undoing): Promise<void> {
    const contactIds = await stillActive(tx, undoing);
    const upTo = contactIds.at(-1);
    if (upTo === undefined) return undoing.upTo === null ? finishUndoing(tx, undoing) : beginAgain(tx, undoing);
    const judged = await judgeMany(tx, undoing.tenantId, contactIds);
    // Another process may have been at them while this one waited for the locks.
    const active = judged.filter(({ contact }) => contact.state === 'active');
    // Then that one has noted how far it came; an import that it has ended meanwhile must not be left with the id of a contact.
    if (active.length === 0) return;
    await this.removeMany.execute(tx, active, { requestedBy: 'recruiter', reason: 'import-undone' });
    await count(tx, undoing, { removed: active.length, upTo });
  }
}

async function findUndoing(tx: EntityManager, passOver: readonly string[]): Promise<Undoing | undefined> {
  const [found]: Undoing[] = await tx.query(
    `SELECT id, tenant_id AS "tenantId", undone_up_to AS "upTo" FROM import
     WHERE state = 'undoing' AND tenant_id <> ALL($1::uuid[]) ORDER BY id LIMIT 1`,
    [passOver],
  );
  return found;
}

/** Looks without locks. Nobody can have been asked since the import was taken back; who was, would be left alone. */
async function stillActive(tx: EntityManager, { id, tenantId, upTo }: Undoing): Promise<string[]> {
  const rows: { id: string }[] = await tx.query(
    `SELECT id FROM contact WHERE import_id = $1 AND tenant_id = $2 AND id > $3 AND state = 'active'
       AND NOT EXISTS (SELECT FROM opt_in_ask WHERE opt_in_ask.contact_id = contact.id)
     ORDER BY id LIMIT $4`,
    [id, tenantId, upTo ?? FIRST_ID, CHUNK],
  );
  return rows.map((row) => row.id);
}

async function count(
  tx: EntityManager,
  { id, tenantId }: Undoing,
  { removed, upTo }: { readonly removed: number; readonly upTo: string },
): Promise<void> {
  await tx.query('UPDATE import SET undone = undone + $3, undone_up_to = $4 WHERE id = $1 AND tenant_id = $2', [
    id,
    tenantId,
    removed,
    upTo,
  ]);
}

async function beginAgain(tx: EntityManager, { id, tenantId }: Undoing): Promise<void> {
  await tx.query('UPDATE import SET undone_up_to = NULL WHERE id = $1 AND tenant_id = $2', [id, tenantId]);
}

async function finishUndoing(tx: EntityManager, { id, tenantId }: Undoing): Promise<void> {
  await tx.query(`UPDATE import SET state = 'undone' WHERE id = $1 AND tenant_id = $2 AND state = 'undoing'`, [
    id,
    tenantId,
  ]);
}

/** Before every id that is ever given. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
