import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsFQDN, Matches, MaxLength } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { LANGUAGE_TAG, MAX_LANGUAGES, message, TenantChanged } from '#contracts';
import { inTenant, Outbox } from '#messaging';
import { Audit, Example, Optional, PlainText, type VerifiedCaller } from '#service';
import { loadPolicy, lockPolicy } from './load-policy.js';
import { mailDomainMissing } from './request-enabling.js';
import { Tenant } from './tenant.js';
import { type TenantView, tenantViewOf } from './tenant-view.js';

/**
 * The whole of what a client company is; what is left out takes its default. Whether it expunges is not among it: that
 * takes two sides. What travels is never wider than TenantChanged allows: its readers would park the message.
 */
@Example({
  name: 'Nordlicht Werke',
  mailDomain: 'mail.nordlicht.example',
  languages: ['de', 'en'],
  privacyContact: 'privacy@nordlicht.example',
})
export class TenantFacts {
  @PlainText(200) name: string;
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

/** Creates or changes a client company and tells the other services. A new one has expunge off. */
@Injectable()
export class PutTenant {
  constructor(
    private readonly db: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
  ) {}

  async execute(caller: VerifiedCaller, id: string, facts: TenantFacts): Promise<TenantView> {
    return inTenant(this.db, id, async (tx) => {
      await insertIfNew(tx, id, facts);
      const { tenant: current } = await lockPolicy(tx, id);
      // Confirmations of removals are sent from it.
      if (current.expungePolicy === 'permanent' && facts.mailDomain === undefined) throw mailDomainMissing(409);
      if (current.revision === 0 || !isDeepStrictEqual(factsOf(current), withDefaults(facts))) {
        await this.change(tx, caller, current, facts);
      }
      return tenantViewOf(await loadPolicy(tx, id));
    });
  }

  private async change(tx: EntityManager, caller: VerifiedCaller, current: Tenant, facts: TenantFacts): Promise<void> {
    const { id, revision } = current;
    const changed = { ...withDefaults(facts), revision: revision + 1 };
    await tx.update(Tenant, { id }, { ...changed, updatedAt: new Date() });
    const told = { ...changed, tenantId: id, mailDomain: changed.mailDomain ?? undefined };
    await this.outbox.add(tx, [message(TenantChanged, told)]);
    const action = revision === 0 ? 'tenant.created' : 'tenant.changed';
    await this.audit.record(tx, caller, { tenantId: id, action, target: id, detail: { revision: changed.revision } });
  }
}

/** A new tenant has revision 0 inside this transaction only. */
async function insertIfNew(tx: EntityManager, id: string, facts: TenantFacts): Promise<void> {
  await tx.query(
    `INSERT INTO tenant (id, name, languages, privacy_contact, revision) VALUES ($1, $2, $3, $4, 0)
     ON CONFLICT (id) DO NOTHING`,
    [id, facts.name, facts.languages, facts.privacyContact],
  );
}

type Facts = Pick<Tenant, 'name' | 'mailDomain' | 'languages' | 'privacyContact'>;

const factsOf = ({ name, mailDomain, languages, privacyContact }: Tenant): Facts => {
  return { name, mailDomain, languages, privacyContact };
};

const withDefaults = ({ name, mailDomain, languages, privacyContact }: TenantFacts): Facts => {
  return { name, mailDomain: mailDomain ?? null, languages, privacyContact };
};
