import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotFound, type VerifiedCaller } from '#service';
import { Tenant } from './tenant.js';

/** Vendor staff read every client company, a client admin only the own one. */
@Injectable()
export class ReadTenant {
  constructor(private readonly db: DataSource) {}

  async execute(caller: VerifiedCaller, id: string): Promise<Tenant> {
    const allowed = caller.roles.includes('vendor-staff') || caller.tenantId === id;
    const tenant = allowed ? await this.db.manager.findOneBy(Tenant, { id }) : null;
    if (!tenant) throw new NotFound('unknown-tenant', 'There is no such client company.');
    return tenant;
  }
}
