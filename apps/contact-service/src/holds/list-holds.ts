import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, Raw } from 'typeorm';
import { inTenant } from '#messaging';
import { type Holds, type HoldsPage, pageOfHolds } from './holds-page.js';

const NOT_ENDED = Raw((until) => `(${until} IS NULL OR ${until} > clock_timestamp())`);

/** The holds that are in force now, of all contacts of a client company. */
@Injectable()
export class ListHolds {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, page: HoldsPage): Promise<Holds> {
    return inTenant(this.db, tenantId, (tx) =>
      pageOfHolds(tx, { tenantId, liftedAt: IsNull(), until: NOT_ENDED }, page),
    );
  }
}
