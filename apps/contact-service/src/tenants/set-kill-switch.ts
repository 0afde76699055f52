import { Injectable } from '@nestjs/common';
import { IsBoolean } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { Audit, Example, PlainText, type VerifiedCaller } from '#service';
import { wakeWaiting } from '../expunge/waiting-expunge.js';
import { KillSwitchChange } from './kill-switch-change.js';
import { type KillSwitchState, killSwitchStateOf } from './kill-switch-view.js';
import { lockPolicy } from './load-policy.js';
import { reachTenant } from './reach-tenant.js';
import { Tenant } from './tenant.js';

@Example({ on: true, reason: 'An import marked the wrong people.' })
export class KillSwitch {
  @IsBoolean() on: boolean;
  @PlainText(500) reason: string;
}

/**
 * Stops every expunge of a client company that has not begun, at once, or lets them go on: what waits meanwhile begins
 * by itself with the release. Set as it is already, nothing changes.
 */
@Injectable()
export class SetKillSwitch {
  constructor(
    private readonly db: DataSource,
    private readonly audit: Audit,
  ) {}

  async execute(caller: VerifiedCaller, tenantId: string, wanted: KillSwitch): Promise<KillSwitchState> {
    return inTenant(this.db, reachTenant(caller, tenantId), async (tx) => {
      const { tenant, killSwitch, now } = await lockPolicy(tx, tenantId);
      if (killSwitch === wanted.on) return killSwitchStateOf(tenant.killSwitchSince);
      const killSwitchSince = wanted.on ? now : null;
      await tx.update(Tenant, { id: tenantId }, { killSwitchSince });
      const target = await this.remember(tx, caller, { tenantId, on: wanted.on, reason: wanted.reason, at: now });
      const action = wanted.on ? 'kill-switch.switched-on' : 'kill-switch.released';
      await this.audit.record(tx, caller, { tenantId, action, target });
      if (!wanted.on) await wakeWaiting(tx, { tenantId });
      return killSwitchStateOf(killSwitchSince);
    });
  }

  private async remember(
    tx: EntityManager,
    { subject: by }: VerifiedCaller,
    change: Omit<KillSwitchChange, 'id' | 'by'>,
  ): Promise<string> {
    const id = uuidv7();
    await tx.insert(KillSwitchChange, { id, by, ...change });
    return id;
  }
}
