import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import type { VerifiedCaller } from '#service';
import { loadPolicy } from './load-policy.js';
import { reachTenant } from './reach-tenant.js';
import { type TenantView, tenantViewOf } from './tenant-view.js';

/** Vendor staff read every client company, a client admin only the own one. */
@Injectable()
export class ReadTenant {
  constructor(private readonly db: DataSource) {}

  async execute(caller: VerifiedCaller, id: string): Promise<TenantView> {
    return inTenant(this.db, reachTenant(caller, id), async (tx) => tenantViewOf(await loadPolicy(tx, id)));
  }
}
