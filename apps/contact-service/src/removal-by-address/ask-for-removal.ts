import { Injectable } from '@nestjs/common';
import { IsString } from 'class-validator';
import { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { inTenant } from '#messaging';
import { EmailAddress, Example } from '#service';
import { addressKey } from '../contacts/address-key.js';
import { RateLimits } from './rate-limits.js';

/** What a person without an account gives. */
@Example({ email: 'jo.doe@example.com' })
export class RemovalByAddress {
  @EmailAddress() email: string;
}

/** The same for every address and every client company, known or not. */
@Example({ message: 'If we hold data under this address, a mail with a link is on its way.' })
export class RemovalAsked {
  @IsString() readonly message = 'If we hold data under this address, a mail with a link is on its way.';
}

/** In place of an address that has had enough mails for now: the row costs the same time, and is of nobody. */
const NOBODY = '';

/**
 * A person without an account asks for removal by address. Here nothing is looked up: whether the address is known does
 * not show in the answer, nor in its time, because the request does not learn it. SendRemovalLinks does, later and
 * elsewhere; it is not woken, so that not even the next request is slower after a known address. Whoever asks for an
 * address again and again is answered the same and nothing is sent: the links sent before are still good.
 */
@Injectable()
export class AskForRemoval {
  constructor(
    private readonly db: DataSource,
    private readonly limits: RateLimits,
  ) {}

  async execute(tenantId: string, { email }: RemovalByAddress, client: string): Promise<RemovalAsked> {
    const emailNormalised = addressKey(email);
    const { mayHaveMail } = await this.limits.count({ tenantId, emailNormalised, client });
    await inTenant(this.db, tenantId, (tx) =>
      tx.query('INSERT INTO removal_request (id, tenant_id, email_normalised) VALUES ($1, $2, $3)', [
        uuidv7(),
        tenantId,
        mayHaveMail ? emailNormalised : NOBODY,
      ]),
    );
    return new RemovalAsked();
  }
}
