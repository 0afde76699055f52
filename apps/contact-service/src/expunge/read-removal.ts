import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotFound } from '#service';
import { Removal } from './removal.js';

export type RemovalView = Omit<Removal, 'tenantId'>;

/** How far the removal of a contact is, also long after the contact is gone. */
@Injectable()
export class ReadRemoval {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, contactId: string): Promise<RemovalView> {
    const [removal] = await this.db.manager.find(Removal, {
      where: { contactId, tenantId },
      order: { requestedAt: 'DESC' },
      take: 1,
    });
    if (!removal) throw new NotFound('no-removal', 'No removal of this contact was asked for.');
    const { tenantId: _, ...view } = removal;
    return view;
  }
}
