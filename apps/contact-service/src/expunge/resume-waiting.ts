import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager, In } from 'typeorm';
import { Audit, type AuditEntry, type PumpResult, Pumps, TenantTurns } from '#service';
import { type ContactsOfTenant, ofFirstTenant } from './contacts-of-tenant.js';
import { mayResume } from './expunge.decision.js';
import { judgeMany } from './judge.js';
import { PostponeExpunge } from './postpone-expunge.js';
import { type Beginning, RequestExpunge } from './request-expunge.js';
import { WaitingExpunge } from './waiting-expunge.js';

const CHUNK = 100;
const PUMP = { name: 'resume-waiting', everyMs: 1_000 };

/**
 * Looks again at removals that wait, when their time has come or something was changed: what is free begins, as the request
 * it was at the click; what is not waits on, and that is said. The policy does not count any more: a removal that was
 * accepted while expunge was permanent is done, also when expunge was switched off meanwhile. The row is the timer.
 */
@Injectable()
export class ResumeWaiting implements OnModuleInit {
  private readonly logger = new Logger(ResumeWaiting.name);
  private readonly turns = new TenantTurns(PUMP, { find: findDue, run: (tx, due) => this.lookAgain(tx, due) });

  constructor(
    private readonly db: DataSource,
    private readonly requestExpunge: RequestExpunge,
    private readonly postponeExpunge: PostponeExpunge,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ ...PUMP, run: () => this.execute() });
  }

  /** Looks at one chunk of one tenant; 'more' when there may be others. Processes may run it at the same time. */
  execute(): Promise<PumpResult> {
    return this.turns.next(this.db);
  }

  private async lookAgain(tx: EntityManager, { tenantId, contactIds }: ContactsOfTenant): Promise<void> {
    const judged = await judgeMany(tx, tenantId, contactIds);
    // Another process may have looked at them while this one waited for the locks.
    const stillDue = await dueOf(tx, tenantId, contactIds);
    const beginnings = judged.flatMap((one): Beginning[] => {
      if (one.decision !== 'already-waiting' || !one.waiting || !stillDue.has(one.contact.id)) return [];
      return [{ judged: one, accepted: one.waiting }];
    });
    const free = beginnings.filter(({ judged: { obstacles } }) => mayResume(obstacles));
    const blocked = beginnings.filter(({ judged: { obstacles } }) => !mayResume(obstacles));
    await this.begin(tx, tenantId, free);
    await this.postponeExpunge.execute(tx, blocked);
    this.logger.log({ msg: 'waiting removals looked at', begun: free.length, skipped: blocked.length });
  }

  private async begin(tx: EntityManager, tenantId: string, free: readonly Beginning[]): Promise<void> {
    if (free.length === 0) return;
    await tx.delete(WaitingExpunge, { tenantId, contactId: In(free.map(({ judged }) => judged.contact.id)) });
    await this.requestExpunge.execute(tx, free);
    const entries = free.map(({ judged, accepted: { expungeId, requestedBy } }): AuditEntry => {
      return { tenantId, action: 'expunge.resumed', target: judged.contact.id, detail: { expungeId, requestedBy } };
    });
    await this.audit.record(tx, 'system', ...entries);
  }
}

/** Looks without locks: rows may only be locked after the tenant and the subjects. */
async function findDue(tx: EntityManager, passOver: readonly string[]): Promise<ContactsOfTenant | undefined> {
  return ofFirstTenant(
    await tx.query(
      `WITH first AS (SELECT tenant_id FROM waiting_expunge WHERE look_at <= now() AND tenant_id <> ALL ($2::uuid[])
         ORDER BY look_at LIMIT 1)
       SELECT tenant_id AS "tenantId", contact_id AS "contactId" FROM waiting_expunge JOIN first USING (tenant_id)
       WHERE look_at <= now() ORDER BY look_at LIMIT $1`,
      [CHUNK, passOver],
    ),
  );
}

async function dueOf(tx: EntityManager, tenantId: string, contactIds: readonly string[]): Promise<Set<string>> {
  const rows: { contact_id: string }[] = await tx.query(
    `SELECT contact_id FROM waiting_expunge
     WHERE contact_id = ANY($1::uuid[]) AND tenant_id = $2 AND look_at <= clock_timestamp()`,
    [contactIds, tenantId],
  );
  return new Set(rows.map((row) => row.contact_id));
}
