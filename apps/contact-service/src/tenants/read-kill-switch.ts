import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import type { VerifiedCaller } from '#service';
import { historyOf, type HistoryPage } from './history-page.js';
import { KillSwitchChange } from './kill-switch-change.js';
import { killSwitchChangeViewOf, killSwitchStateOf, type KillSwitchWithHistory } from './kill-switch-view.js';
import { loadPolicy } from './load-policy.js';
import { reachTenant } from './reach-tenant.js';

/** Whether expunges of a client company wait, and who has stopped and released them, newest first. */
@Injectable()
export class ReadKillSwitch {
  constructor(private readonly db: DataSource) {}

  async execute(caller: VerifiedCaller, tenantId: string, page: HistoryPage): Promise<KillSwitchWithHistory> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const { tenant } = await loadPolicy(tx, tenantId);
      const { lines, next } = await historyOf(tx, KillSwitchChange, 'at', tenantId, page);
      const history = lines.map(killSwitchChangeViewOf);
      return Object.assign(killSwitchStateOf(tenant.killSwitchSince), { history, next });
    });
  }
}
