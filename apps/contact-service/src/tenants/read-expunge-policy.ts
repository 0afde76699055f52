import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import type { VerifiedCaller } from '#service';
import { historyOf, type HistoryPage } from './history-page.js';
import { loadPolicy } from './load-policy.js';
import { PolicyChange } from './policy-change.js';
import { openChangeOf } from './policy-changes.js';
import { changeViewOf, policyStateOf, type PolicyWithHistory } from './policy-view.js';
import { reachTenant } from './reach-tenant.js';

/** What is in force, what waits for the other side, and every request there ever was, newest first. */
@Injectable()
export class ReadExpungePolicy {
  constructor(private readonly db: DataSource) {}

  async execute(caller: VerifiedCaller, tenantId: string, page: HistoryPage): Promise<PolicyWithHistory> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const present = await loadPolicy(tx, tenantId);
      const open = await openChangeOf(tx, tenantId);
      const { lines, next } = await historyOf(tx, PolicyChange, 'requestedAt', tenantId, page);
      const history = lines.map((change) => changeViewOf(change, present.now));
      return Object.assign(policyStateOf(present, open), { history, next });
    });
  }
}
