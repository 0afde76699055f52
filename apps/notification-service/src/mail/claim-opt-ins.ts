import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import type { OverReason } from '../send-budget/ramp.decision.js';
import { NEXT_DAY, SendBudget, TODAY } from '../send-budget/send-budget.js';
import { dropCancelled } from './cancel-mails.js';
import { type ClaimedMail, type ClaimTerms, type DueRow, IS_DUE, leaseMails, lockDue } from './claim-mails.js';
import { IS_OPT_IN } from './opt-in-mail.js';

/** Of one client at once; so many that a backlog is soon out of the way of others, so few that no lock is held long. */
const PUT_OFF_AT_ONCE = 5_000;

export interface ClaimedOptIns {
  readonly mails: readonly ClaimedMail[];
  /** Whether there may be more to take, or to put off, now. */
  readonly more: boolean;
}

/**
 * Takes due mails that ask to opt in, as many as their clients may send today, and counts them, in one transaction. What is
 * over the budget is put off to the next day, all of it and not only what was looked at: it would be in the way of other
 * clients' mails. A mail is counted once a day, however often it is tried.
 */
@Injectable()
export class ClaimOptIns {
  constructor(
    private readonly db: DataSource,
    private readonly budget: SendBudget,
  ) {}

  async execute(terms: ClaimTerms): Promise<ClaimedOptIns> {
    return inEveryTenant(this.db, async (tx) => {
      const locked = await lockDue(tx, IS_OPT_IN, terms);
      const due = await dropCancelled(tx, locked);
      if (due.length === 0) return { mails: [], more: locked.length === terms.limit };
      const share = await this.budget.take(tx, due.map(toDueMail));
      const mails = await leaseMails(tx, share.taken, terms);
      await putOff(tx, share.over, terms.except);
      return { mails, more: locked.length === terms.limit || share.over.size > 0 };
    });
  }
}

const toDueMail = (row: DueRow) => ({ emailId: row.email_id, tenantId: row.tenant_id, counted: row.counted });

/** It may have been handed over before with the date it was queued at, which a repeat has to keep. */
const MAY_BE_KNOWN = '(mail.attempts > 0 OR mail.lease_id IS NOT NULL)';

/**
 * To the beginning of the next day. The time spent waiting for a budget does not count as time in which the mail could not
 * be handed over: one that was not tried yet is as if it were queued then, and with the others the wait is left out of the
 * time they are tried. What is in the count of this day already comes first, by a hair: when a pause ends it goes before all
 * others, since it takes nothing of the budget.
 */
async function putOff(
  tx: EntityManager,
  over: ReadonlyMap<string, OverReason>,
  except: readonly string[],
): Promise<void> {
  if (over.size === 0) return;
  await tx.query(
    `UPDATE mail SET due_at = next_day.begin - (mail.budget_day IS NOT DISTINCT FROM ${TODAY})::int * interval '1 microsecond', last_code = late.code,
       queued_at = CASE WHEN ${MAY_BE_KNOWN} THEN mail.queued_at ELSE next_day.begin END,
       tries_since = CASE WHEN ${MAY_BE_KNOWN} THEN coalesce(mail.tries_since, mail.queued_at) + (next_day.begin - mail.due_at) END
     FROM (SELECT ${NEXT_DAY} AS begin) AS next_day,
       unnest($1::uuid[], $2::text[]) AS o (tenant_id, code)
       CROSS JOIN LATERAL (
         SELECT mail.email_id, o.code FROM mail
         WHERE mail.tenant_id = o.tenant_id AND ${IS_OPT_IN} AND ${IS_DUE} AND mail.email_id <> ALL($3::uuid[])
           AND (o.code = 'sending-paused' OR mail.budget_day IS DISTINCT FROM ${TODAY})
         ORDER BY mail.due_at LIMIT ${PUT_OFF_AT_ONCE} FOR UPDATE OF mail SKIP LOCKED) AS late
     WHERE mail.email_id = late.email_id`,
    [[...over.keys()], [...over.values()], except],
  );
}
