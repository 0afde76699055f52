import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { Audit, type TenantCaller } from '#service';
import { IS_OPT_IN } from '../mail/opt-in-mail.js';
import { WakeSender } from '../mail/wake-sender.js';
import { COMPLAINT_DAYS } from './ramp.decision.js';
import { NEXT_DAY, SendBudget, TODAY } from './send-budget.js';
import type { SendBudgetView } from './send-budget-view.js';
import { ShowSendBudget } from './show-send-budget.js';

/** So few that a statement takes no more than a second or two. */
const AT_ONCE = 5_000;

/**
 * A client admin, who has looked into the complaints, lets the mails go out again. The complaints so far are forgiven, or
 * the next one would pause them again; the budget of the day stays. Of the mails that wait, only as many are moved as that
 * allows: there may be millions, and the others are due anyway when the next day's begins. Where nothing is paused, nothing
 * changes.
 */
@Injectable()
export class ResumeSending {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
    private readonly sender: WakeSender,
    private readonly budget: SendBudget,
    private readonly view: ShowSendBudget,
  ) {}

  async execute(caller: TenantCaller): Promise<SendBudgetView> {
    const { tenantId } = caller;
    const left = await inTenant(this.db, tenantId, async (tx) => {
      if (!(await endPause(tx, tenantId))) return undefined;
      await this.audit.record(tx, caller, { tenantId, action: 'opt-in-mails.resumed' });
      return this.budget.left(tx, tenantId);
    });
    if (left !== undefined) {
      // What this day's budget has counted before takes nothing more of it.
      await this.bringForward(tenantId, `due_at < ${NEXT_DAY}`, Infinity);
      await this.bringForward(tenantId, `due_at >= ${NEXT_DAY}`, left);
    }
    return this.view.execute(tenantId);
  }

  /** In transactions of their own: none of them holds up the sender, and no statement runs longer for a larger budget. */
  private async bringForward(tenantId: string, which: string, most: number): Promise<void> {
    for (let rest = most, more = true; more && rest > 0; rest -= AT_ONCE) {
      const limit = Math.min(AT_ONCE, rest);
      const moved = await inTenant(this.db, tenantId, async (tx) => {
        this.sender.afterCommit(tx);
        return moveToNow(tx, tenantId, which, limit);
      });
      more = moved === limit;
    }
  }
}

/** Whether they were paused. */
async function endPause(tx: EntityManager, tenantId: string): Promise<boolean> {
  const [, ended]: [unknown, number] = await tx.query('DELETE FROM send_pause WHERE tenant_id = $1', [tenantId]);
  if (ended === 0) return false;
  await tx.query(
    `UPDATE send_budget SET forgiven = complaints WHERE tenant_id = $1 AND day > ${TODAY} - ${COMPLAINT_DAYS}`,
    [tenantId],
  );
  return true;
}

/** How many of those that wait for the end of a pause are due now, the first ones; none while there is another pause. */
async function moveToNow(tx: EntityManager, tenantId: string, which: string, limit: number): Promise<number> {
  const [, moved]: [unknown, number] = await tx.query(
    `UPDATE mail SET due_at = now(), queued_at = least(queued_at, now()), tries_since = tries_since - (due_at - now())
     WHERE email_id = ANY(ARRAY(
       SELECT email_id FROM mail WHERE mail.tenant_id = $1 AND ${IS_OPT_IN} AND last_code = 'sending-paused'
         AND due_at > now() AND ${which} AND NOT EXISTS (SELECT FROM send_pause WHERE tenant_id = $1)
       ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
    [tenantId, limit],
  );
  return moved;
}
