import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Workflow } from './workflow.js';

/** The workflows of a tenant; there is at most one for each trigger. */
@Injectable()
export class ListWorkflows {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string): Promise<Workflow[]> {
    return this.db.query(
      'SELECT id, trigger, name, created_at AS "createdAt" FROM workflow WHERE tenant_id = $1 ORDER BY trigger',
      [tenantId],
    );
  }
}
