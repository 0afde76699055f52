import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { IS_OPT_IN } from '../mail/opt-in-mail.js';
import { allowedToday, COMPLAINT_DAYS } from './ramp.decision.js';
import { ACTIVE_DAYS, SendBudget, TODAY } from './send-budget.js';
import type { SendBudgetView } from './send-budget-view.js';
import { SendingDomains } from './sending-domains.js';

/** What a client may send today from its present domain, what it has sent, and what came back of it. */
@Injectable()
export class ShowSendBudget {
  constructor(
    private readonly db: DataSource,
    private readonly domains: SendingDomains,
    private readonly budget: SendBudget,
  ) {}

  async execute(tenantId: string): Promise<SendBudgetView> {
    return inTenant(this.db, tenantId, (tx) => this.look(tx, tenantId));
  }

  private async look(tx: EntityManager, tenantId: string): Promise<SendBudgetView> {
    const domain = (await this.domains.of(tx, [tenantId])).get(tenantId)!;
    const [row]: Row[] = await tx.query(
      `SELECT budget.day::text, coalesce(today.sent, 0) AS sent, ${ACTIVE_DAYS} AS active_days,
         (SELECT count(*)::int FROM mail WHERE mail.tenant_id = budget.tenant_id AND ${IS_OPT_IN}) AS waiting,
         (SELECT paused_at FROM send_pause pause WHERE pause.tenant_id = budget.tenant_id) AS paused_at, week.*
       FROM (SELECT $1::uuid AS tenant_id, $2::text AS domain, ${TODAY} AS day) AS budget
       LEFT JOIN send_budget today USING (tenant_id, domain, day)
       CROSS JOIN LATERAL (
         SELECT coalesce(sum(sent), 0)::int AS week_sent, coalesce(sum(hard_bounces), 0)::int AS hard_bounces,
           coalesce(sum(soft_bounces), 0)::int AS soft_bounces, coalesce(sum(complaints), 0)::int AS complaints
         FROM send_budget past WHERE past.tenant_id = budget.tenant_id AND past.day > budget.day - ${COMPLAINT_DAYS}
       ) AS week`,
      [tenantId, domain],
    );
    const { day, sent, waiting, active_days: activeDays, paused_at: pausedAt } = row!;
    return {
      domain,
      day,
      allowedToday: pausedAt ? 0 : allowedToday(this.budget.ramp, activeDays),
      sentToday: sent,
      waiting,
      paused: pausedAt !== null,
      pausedAt: pausedAt?.toISOString() ?? null,
      lastSevenDays: {
        sent: row!.week_sent,
        hardBounces: row!.hard_bounces,
        softBounces: row!.soft_bounces,
        complaints: row!.complaints,
      },
    };
  }
}

interface Row {
  readonly day: string;
  readonly sent: number;
  readonly active_days: number;
  readonly waiting: number;
  readonly paused_at: Date | null;
  readonly week_sent: number;
  readonly hard_bounces: number;
  readonly soft_bounces: number;
  readonly complaints: number;
}
