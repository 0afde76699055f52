import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTenant } from '#messaging';
import { lookAtContact } from '../contacts/read-contact.js';
import { type Holds, type HoldsPage, pageOfHolds } from './holds-page.js';

/** All holds there ever were on a contact, also those that were lifted or have ended. */
@Injectable()
export class ListContactHolds {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string, page: HoldsPage): Promise<Holds> {
    return inTenant(this.db, tenantId, async (tx) => {
      await lookAtContact(tx, tenantId, contactId);
      return pageOfHolds(tx, { tenantId, contactId }, page);
    });
  }
}
