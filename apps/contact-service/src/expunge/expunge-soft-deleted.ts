import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant, inTenant } from '#messaging';
import { Audit, type AuditEntry, type PumpResult, Pumps } from '#service';
import { type Judged, judgeMany } from './judge.js';
import { PostponeExpunge } from './postpone-expunge.js';
import { accept, type Beginning, RequestExpunge } from './request-expunge.js';

const CHUNK = 100;
const LOOK_EVERY_MS = 10_000;

interface SoftDeleted {
  readonly tenantId: string;
  readonly contactIds: string[];
}

/**
 * For client companies that decided so when they enabled expunge: contacts that deleted their account while it was off, and
 * were only hidden, are now removed as they had asked. While the kill switch is on they are left as they are.
 */
@Injectable()
export class ExpungeSoftDeleted implements OnModuleInit {
  private readonly logger = new Logger(ExpungeSoftDeleted.name);

  constructor(
    private readonly db: DataSource,
    private readonly requestExpunge: RequestExpunge,
    private readonly postponeExpunge: PostponeExpunge,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ name: 'expunge-soft-deleted', everyMs: LOOK_EVERY_MS, run: () => this.execute() });
  }

  /** Asks for one chunk of one tenant; 'more' when there may be others. Processes may run it at the same time. */
  async execute(): Promise<PumpResult> {
    const found = await inEveryTenant(this.db, findSoftDeleted);
    if (!found) return 'idle';
    await inTenant(this.db, found.tenantId, (tx) => this.expunge(tx, found));
    return 'more';
  }

  private async expunge(tx: EntityManager, { tenantId, contactIds }: SoftDeleted): Promise<void> {
    const judged = await judgeMany(tx, tenantId, contactIds);
    const due = judged.filter(isStillDue).map((one): Beginning => ({ judged: one, accepted: accept('candidate') }));
    const free = due.filter(({ judged: { decision } }) => decision === 'expunge');
    const blocked = due.filter(({ judged: { decision } }) => decision === 'wait');
    await this.requestExpunge.execute(tx, free);
    await this.postponeExpunge.execute(tx, blocked);
    const entries = due.map(({ judged: { decision, contact }, accepted: { expungeId, requestedBy } }): AuditEntry => {
      const action = decision === 'wait' ? 'expunge.postponed' : 'expunge.requested';
      return { tenantId, action, target: contact.id, detail: { expungeId, requestedBy } };
    });
    await this.audit.record(tx, 'system', ...entries);
    this.logger.log({ msg: 'soft-deleted contacts expunged', begun: free.length, waiting: blocked.length });
  }
}

/** Somebody may have signed up again, and the company may have changed its mind, while this waited for the locks. */
const isStillDue = ({ tenant, contact, decision }: Judged): boolean =>
  tenant.softDeleted === 'expunge' && contact.state === 'disabled' && (decision === 'expunge' || decision === 'wait');

/**
 * Looks without locks. Costs one step along the index of listed contacts for each company that wants this and has nobody
 * left, and nothing for the others. Those whose removal waits have been asked for already.
 */
async function findSoftDeleted(tx: EntityManager): Promise<SoftDeleted | undefined> {
  const rows: { tenant_id: string; contact_id: string }[] = await tx.query(
    `SELECT tenant.id AS tenant_id, contact.id AS contact_id
     FROM tenant CROSS JOIN LATERAL (
       SELECT contact.id FROM contact
       WHERE contact.tenant_id = tenant.id AND contact.state = 'disabled' AND contact.disabled_at <= tenant.expunge_from
         AND NOT EXISTS (SELECT 1 FROM waiting_expunge WHERE waiting_expunge.contact_id = contact.id)
       ORDER BY contact.id LIMIT $1
     ) AS contact
     WHERE tenant.soft_deleted = 'expunge' AND tenant.expunge_from <= now() AND tenant.kill_switch_since IS NULL
     ORDER BY tenant.id LIMIT $1`,
    [CHUNK],
  );
  const [first] = rows;
  if (!first) return undefined;
  const ofFirst = rows.filter((row) => row.tenant_id === first.tenant_id);
  return { tenantId: first.tenant_id, contactIds: ofFirst.map((row) => row.contact_id) };
}
