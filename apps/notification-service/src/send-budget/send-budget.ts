import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { BounceKind } from '#contracts';
import { Audit } from '#service';
import { NotificationConfig } from '../config.js';
import {
  allowedToday,
  COMPLAINT_DAYS,
  type DueMail,
  isTooMany,
  RAMP_DAYS,
  type Share,
  shareOut,
} from './ramp.decision.js';
import { SendingDomains } from './sending-domains.js';

/** The day, in UTC, by the database's clock. */
export const TODAY = `(now() AT TIME ZONE 'UTC')::date`;
/** When the budget of the next day begins. */
export const NEXT_DAY = `(${TODAY} + 1)::timestamp AT TIME ZONE 'UTC'`;

interface BudgetRow {
  readonly tenant_id: string;
  readonly sent: number;
  readonly active_days: number;
  readonly paused: boolean;
}

/**
 * How many mails that ask to opt in may go out a day, for each client and sender domain: mailbox providers distrust a
 * domain that suddenly sends many, and one whose mails are complained of. Who takes from a budget has it to himself until
 * his transaction ends, so that several processes together never exceed it.
 */
@Injectable()
export class SendBudget {
  private readonly logger = new Logger('mail');

  constructor(
    private readonly config: NotificationConfig,
    private readonly domains: SendingDomains,
    private readonly audit: Audit,
  ) {}

  /** Which of the due mails may be sent now; they are counted with the transaction. */
  async take(tx: EntityManager, due: readonly DueMail[]): Promise<Share> {
    const domains = await this.domains.of(
      tx,
      due.map(({ tenantId }) => tenantId),
    );
    const budgets = await this.lockBudgets(tx, domains);
    const share = shareOut(due, budgets);
    await tx.query(
      `UPDATE send_budget SET sent = sent + m.more FROM unnest($1::uuid[], $2::text[], $3::int[]) AS m (tenant_id, domain, more)
       WHERE send_budget.tenant_id = m.tenant_id AND send_budget.domain = m.domain AND day = ${TODAY}`,
      [[...share.more.keys()], [...share.more.keys()].map((id) => domains.get(id)), [...share.more.values()]],
    );
    return share;
  }

  /** How many more of a client's mails may be counted today. Nobody takes any of them until the transaction ends. */
  async left(tx: EntityManager, tenantId: string): Promise<number> {
    const budgets = await this.lockBudgets(tx, await this.domains.of(tx, [tenantId]));
    const { allowed, sent } = budgets.get(tenantId)!;
    return Math.max(0, allowed - sent);
  }

  /** Counts what came back; whose mails are complained of too often sends no more of them until a person resumes it. */
  async countBounces(tx: EntityManager, bounces: readonly { tenantId: string; kind: BounceKind }[]): Promise<void> {
    if (bounces.length === 0) return;
    const tenantIds = bounces.map(({ tenantId }) => tenantId);
    const domains = await this.domains.of(tx, tenantIds);
    await tx.query(
      `INSERT INTO send_budget (tenant_id, domain, day, hard_bounces, soft_bounces, complaints)
       SELECT tenant_id, domain, ${TODAY}, count(*) FILTER (WHERE kind = 'hard'), count(*) FILTER (WHERE kind = 'soft'),
         count(*) FILTER (WHERE kind = 'complaint')
       FROM unnest($1::uuid[], $2::text[], $3::text[]) AS b (tenant_id, domain, kind)
       GROUP BY tenant_id, domain ORDER BY tenant_id, domain
       ON CONFLICT (tenant_id, domain, day) DO UPDATE SET hard_bounces = send_budget.hard_bounces + excluded.hard_bounces,
         soft_bounces = send_budget.soft_bounces + excluded.soft_bounces,
         complaints = send_budget.complaints + excluded.complaints`,
      [tenantIds, tenantIds.map((id) => domains.get(id)), bounces.map(({ kind }) => kind)],
    );
    const complained = bounces.filter(({ kind }) => kind === 'complaint');
    if (complained.length > 0) await this.pauseWhereTooMany(tx, [...new Set(complained.map((one) => one.tenantId))]);
  }

  private async lockBudgets(tx: EntityManager, domains: ReadonlyMap<string, string>) {
    const wanted = [[...domains.keys()], [...domains.values()]];
    await tx.query(
      `INSERT INTO send_budget (tenant_id, domain, day)
       SELECT w.tenant_id, w.domain, ${TODAY} FROM unnest($1::uuid[], $2::text[]) AS w (tenant_id, domain) ORDER BY 1, 2
       ON CONFLICT DO NOTHING`,
      wanted,
    );
    const rows: BudgetRow[] = await tx.query(
      `SELECT budget.tenant_id, budget.sent, ${ACTIVE_DAYS} AS active_days,
         EXISTS (SELECT FROM send_pause pause WHERE pause.tenant_id = budget.tenant_id) AS paused
       FROM send_budget budget
       JOIN unnest($1::uuid[], $2::text[]) AS w (tenant_id, domain) USING (tenant_id, domain)
       WHERE budget.day = ${TODAY} ORDER BY budget.tenant_id, budget.domain FOR UPDATE OF budget`,
      wanted,
    );
    return new Map(
      rows.map(({ tenant_id: tenantId, sent, active_days: days, paused }) => {
        return [tenantId, { tenantId, sent, paused, allowed: allowedToday(this.ramp, days) }];
      }),
    );
  }

  private async pauseWhereTooMany(tx: EntityManager, tenantIds: readonly string[]): Promise<void> {
    const rows: { tenant_id: string; sent: number; complaints: number }[] = await tx.query(
      `SELECT tenant_id, sum(sent)::int AS sent, sum(complaints - forgiven)::int AS complaints FROM send_budget
       WHERE tenant_id = ANY($1::uuid[]) AND day > ${TODAY} - ${COMPLAINT_DAYS} GROUP BY tenant_id`,
      [tenantIds],
    );
    const tooMany = rows.filter(({ complaints, sent }) => isTooMany(complaints, sent));
    const paused: { tenant_id: string }[] = await tx.query(
      `INSERT INTO send_pause (tenant_id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING tenant_id`,
      [tooMany.map((row) => row.tenant_id)],
    );
    for (const row of paused) {
      this.logger.warn({ msg: 'a client sends no more mails that ask to opt in: complaints', tenantId: row.tenant_id });
    }
    const entries = paused.map((row) => ({ tenantId: row.tenant_id, action: 'opt-in-mails.paused' }));
    await this.audit.record(tx, 'system', ...entries);
  }

  get ramp() {
    return { firstDay: this.config.OPT_IN_MAILS_FIRST_DAY, maxPerDay: this.config.OPT_IN_MAILS_MAX_PER_DAY };
  }
}

/** Of a row of `send_budget` called `budget`: days before it on which that client sent something from that domain. */
export const ACTIVE_DAYS = `
  (SELECT count(*)::int FROM send_budget earlier WHERE earlier.tenant_id = budget.tenant_id
   AND earlier.domain = budget.domain AND earlier.day < budget.day AND earlier.day >= budget.day - ${RAMP_DAYS}
   AND earlier.sent > 0)`;
