import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Rejection } from '#service';
import { lockContact } from '../contacts/lock-contact.js';
import { type Expunging, judge, RequestExpunge } from './request-expunge.js';

/** A recruiter has a contact removed everywhere. Refused while the client's expunge is off; nothing is disabled instead. */
@Injectable()
export class ExpungeContact {
  constructor(
    private readonly db: DataSource,
    private readonly requestExpunge: RequestExpunge,
  ) {}

  async execute(tenantId: string, contactId: string): Promise<Expunging> {
    return this.db.transaction(async (tx) => {
      const judged = await judge(tx, tenantId, () => lockContact(tx, tenantId, contactId));
      switch (judged.decision) {
        case 'expunge':
          return this.requestExpunge.execute(tx, judged, 'recruiter');
        case 'already-expunging':
          return this.requestExpunge.answerAgain(judged.contact);
        case 'disable':
        case 'already-disabled':
          throw new Rejection('expunge-off', 'Permanent removal is not set up for this client company.');
      }
    });
  }
}
