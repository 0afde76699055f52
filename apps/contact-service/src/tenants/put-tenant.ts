import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsFQDN, IsIn, Matches, MaxLength } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { LANGUAGE_TAG, MAX_LANGUAGES, message, TenantChanged } from '#contracts';
import { Outbox } from '#messaging';
import { Optional, PlainText } from '#service';
import { EXPUNGE_POLICIES, type ExpungePolicy } from '../expunge/expunge.decision.js';
import { Tenant } from './tenant.js';

/**
 * The whole of what a client company is; what is left out takes its default, so expunge is never on by accident. What
 * travels is never wider than TenantChanged allows: its readers would park the message.
 */
export class TenantFacts {
  @PlainText(200) name: string;
  @Optional() @IsIn(EXPUNGE_POLICIES) expungePolicy?: ExpungePolicy;
  @Optional() @IsFQDN() mailDomain?: string;
  /** BCP 47 tags, preferred first. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_LANGUAGES)
  @MaxLength(35, { each: true })
  @Matches(LANGUAGE_TAG, { each: true, message: 'each value in $property must be a language tag such as en or pt-BR' })
  languages: string[];
  /** Where the company answers questions about data protection: an address of the company, not of a person. */
  @PlainText(320) privacyContact: string;
}

/**
 * Creates or changes a client company and tells the other services. Takes the tenant's row lock before it looks, which
 * is the lock every expunge judges the policy under: a click sees the policy before this change or after it, never both.
 */
@Injectable()
export class PutTenant {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
  ) {}

  async execute(id: string, facts: TenantFacts): Promise<Tenant> {
    return this.db.transaction(async (tx) => {
      const current = await lockTenant(tx, id, facts);
      const wanted = withDefaults(facts);
      const { name, expungePolicy, mailDomain, languages, privacyContact, revision } = current;
      const unchanged = isDeepStrictEqual({ name, expungePolicy, mailDomain, languages, privacyContact }, wanted);
      if (revision > 0 && unchanged) return current;
      const tenant = tx.merge<Tenant>(Tenant, current, wanted, { revision: revision + 1, updatedAt: new Date() });
      await tx.update(Tenant, { id }, tenant);
      await this.outbox.add(tx, [message(TenantChanged, announcement(tenant))]);
      return tenant;
    });
  }
}

/** A new tenant has revision 0 inside this transaction only. */
async function lockTenant(tx: EntityManager, id: string, facts: TenantFacts): Promise<Tenant> {
  await tx.query(
    `INSERT INTO tenant (id, name, languages, privacy_contact, revision) VALUES ($1, $2, $3, $4, 0)
     ON CONFLICT (id) DO NOTHING`,
    [id, facts.name, facts.languages, facts.privacyContact],
  );
  return tx.findOneOrFail(Tenant, { where: { id }, lock: { mode: 'pessimistic_write' } });
}

const withDefaults = ({ name, expungePolicy = 'off', mailDomain, languages, privacyContact }: TenantFacts) => ({
  name,
  expungePolicy,
  mailDomain: mailDomain ?? null,
  languages,
  privacyContact,
});

function announcement({ id, revision, name, mailDomain, languages, privacyContact }: Tenant) {
  return { tenantId: id, revision, name, mailDomain: mailDomain ?? undefined, languages, privacyContact };
}
