import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, type TenantCaller } from '#service';
import { IS_OPT_IN } from '../mail/opt-in-mail.js';
import { WakeSender } from '../mail/wake-sender.js';
import { COMPLAINT_DAYS } from './ramp.decision.js';
import { TODAY } from './send-budget.js';
import type { SendBudgetView } from './send-budget-view.js';
import { ShowSendBudget } from './show-send-budget.js';

/**
 * A client admin, who has looked into the complaints, lets the mails go out again. The complaints so far are forgiven, or
 * the next one would pause them again; the budget of the day stays. Where nothing is paused, nothing changes.
 */
@Injectable()
export class ResumeSending {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
    private readonly sender: WakeSender,
    private readonly view: ShowSendBudget,
  ) {}

  async execute(caller: TenantCaller): Promise<SendBudgetView> {
    const { tenantId } = caller;
    return inTenant(this.db, tenantId, async (tx) => {
      if (await resume(tx, tenantId)) {
        await this.audit.record(tx, caller, { tenantId, action: 'opt-in-mails.resumed' });
        this.sender.afterCommit(tx);
      }
      return this.view.look(tx, tenantId);
    });
  }
}

/** Whether they were paused. */
async function resume(tx: EntityManager, tenantId: string): Promise<boolean> {
  const [, ended]: [unknown, number] = await tx.query('DELETE FROM send_pause WHERE tenant_id = $1', [tenantId]);
  if (ended === 0) return false;
  await tx.query(
    `UPDATE send_budget SET forgiven = complaints WHERE tenant_id = $1 AND day > ${TODAY} - ${COMPLAINT_DAYS}`,
    [tenantId],
  );
  await tx.query(
    `UPDATE mail SET due_at = now(), queued_at = least(queued_at, now()), tries_since = tries_since - (due_at - now())
     WHERE tenant_id = $1 AND ${IS_OPT_IN} AND last_code = 'sending-paused' AND due_at > now()`,
    [tenantId],
  );
  return true;
}
