import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Audit, type AuditEntry, type PumpResult, Pumps, TenantTurns } from '#service';
import type { Contact } from '../contacts/contact.js';
import { type ContactsOfTenant, ofFirstTenant } from './contacts-of-tenant.js';
import { type Judged, judgeMany } from './judge.js';
import { accept, type Beginning, RequestExpunge } from './request-expunge.js';

const CHUNK = 100;
const PUMP = { name: 'expunge-soft-deleted', everyMs: 10_000 };

/**
 * For client companies that decided so when they enabled expunge: contacts that deleted their account while it was off, and
 * were only hidden, are now removed as they had asked. Held ones, and all while the kill switch is on, are left as they are
 * and not accepted as requests that wait: their click counted as a soft delete, so switching expunge off must end it.
 */
@Injectable()
export class ExpungeSoftDeleted implements OnModuleInit {
  private readonly logger = new Logger(ExpungeSoftDeleted.name);
  private readonly turns = new TenantTurns(PUMP, {
    find: findSoftDeleted,
    run: (tx, found) => this.expunge(tx, found),
  });

  constructor(
    private readonly db: DataSource,
    private readonly requestExpunge: RequestExpunge,
    private readonly audit: Audit,
    private readonly pumps: Pumps,
  ) {}

  onModuleInit(): void {
    this.pumps.register({ ...PUMP, run: () => this.execute() });
  }

  /** Asks for one chunk of one tenant; 'more' when there may be others. Processes may run it at the same time. */
  execute(): Promise<PumpResult> {
    return this.turns.next(this.db);
  }

  private async expunge(tx: EntityManager, { tenantId, contactIds }: ContactsOfTenant): Promise<void> {
    const judged = await judgeMany(tx, tenantId, contactIds);
    const due = judged.filter(isStillDue).flatMap(asItWasAskedFor);
    await this.requestExpunge.execute(tx, due);
    const entries = due.map(({ judged: { contact }, accepted: { expungeId, requestedBy } }): AuditEntry => {
      return { tenantId, action: 'expunge.requested', target: contact.id, detail: { expungeId, requestedBy } };
    });
    await this.audit.record(tx, 'system', ...entries);
    this.logger.log({ msg: 'soft-deleted contacts expunged', begun: due.length });
  }
}

/** Somebody may have signed up again, and the company may have changed its mind, while this waited for the locks. */
const isStillDue = ({ tenant, contact, decision }: Judged): boolean =>
  tenant.softDeleted === 'expunge' && contact.state === 'disabled' && decision === 'expunge';

/**
 * The certificate says who asked, how, and when: the one who had the contact disabled, and then. Nobody asked for anything
 * when expunge came into force, nor when the timer came round. Of whom that is not known nothing true could be certified.
 */
function asItWasAskedFor(judged: Judged): Beginning[] {
  const { disabledBy, disabledAt } = judged.contact;
  if (!disabledBy || !disabledAt) return [];
  const reason = isOfUndoneImport(judged.contact) ? 'import-undone' : undefined;
  return [{ judged, accepted: accept(disabledBy, { reason, requestedAt: disabledAt }) }];
}

/**
 * Such people know nothing of it and are not written to. A recruiter has somebody disabled, without a removal that waits, in no
 * other way: asked for one person that is refused while expunge is off. The import itself may be forgotten by now.
 */
const isOfUndoneImport = ({ disabledBy, importId }: Contact): boolean =>
  disabledBy === 'recruiter' && importId !== null;

/**
 * Looks without locks. Costs one step along the index of listed contacts for each company that wants this and has nobody
 * left, and nothing for the others. Whoever is held, or waits already, is passed over, and who was disabled by nobody knows whom.
 */
async function findSoftDeleted(tx: EntityManager, passOver: readonly string[]): Promise<ContactsOfTenant | undefined> {
  return ofFirstTenant(
    await tx.query(
      `SELECT tenant.id AS "tenantId", contact.id AS "contactId"
       FROM tenant CROSS JOIN LATERAL (
         SELECT contact.id FROM contact
         WHERE contact.tenant_id = tenant.id AND contact.state = 'disabled' AND contact.disabled_at <= tenant.expunge_from
           AND contact.disabled_by IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM waiting_expunge WHERE waiting_expunge.contact_id = contact.id)
           AND NOT EXISTS (SELECT 1 FROM hold
             WHERE hold.contact_id = contact.id AND lifted_at IS NULL AND (until IS NULL OR until > now()))
         ORDER BY contact.id LIMIT $1
       ) AS contact
       WHERE tenant.soft_deleted = 'expunge' AND tenant.expunge_from <= now() AND tenant.kill_switch_since IS NULL
         AND tenant.id <> ALL ($2::uuid[])
       ORDER BY tenant.id LIMIT $1`,
      [CHUNK, passOver],
    ),
  );
}
