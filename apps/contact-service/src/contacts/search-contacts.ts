import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, IsUUID, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { DataSource, type EntityManager } from 'typeorm';
import { inTenant } from '#messaging';
import { EmailAddress, Example, Optional, PlainText, Rejection } from '#service';
import { addressKey } from './address-key.js';
import { type ContactState, VISIBLE_STATES } from '../expunge/expunge.decision.js';
import { Contact } from './contact.js';
import { ContactView, viewOf } from './contact-view.js';
import { nameKey } from './contact-details.js';
import { type Cursor, decodeCursor, encodeCursor } from './cursor.js';

/** All contacts of a state, or those of an import, or those with an address, or those whose family or given name begins with something. */
@Example({ name: 'lun', limit: 20 })
export class ContactSearch {
  @Optional() @EmailAddress() email?: string;
  @Optional() @PlainText(200) name?: string;
  @Optional() @IsUUID() importId?: string;
  @Optional() @IsIn(VISIBLE_STATES) state: Exclude<ContactState, 'expunging'> = 'active';
  @Optional() @IsInt() @Min(1) @Max(200) limit: number = 50;
  /** `next` of the page before, with the same search. */
  @Optional() @MaxLength(4_000) cursor?: string;
}

export class ContactPage {
  @ValidateNested({ each: true }) @Type(() => ContactView) items: ContactView[];
  /** Cursor of the next page; absent on the last one. */
  @Optional() @IsString() next?: string;
}

interface Found {
  readonly id: string;
  readonly key: string;
}

/**
 * Pages of contacts by keyset: every page is one walk along one index (two for names), so it costs the same whatever is
 * stored, and nobody is skipped or doubled because others come and go between two pages. Expunging ones are never found.
 */
@Injectable()
export class SearchContacts {
  constructor(private readonly db: DataSource) {}

  async execute(tenantId: string, search: ContactSearch): Promise<ContactPage> {
    if ([search.email, search.name, search.importId].filter((said) => said !== undefined).length > 1)
      throw new Rejection('two-searches', 'Search by address, by name or by import, not by two of them.', 422);
    const from = search.cursor === undefined ? undefined : decodeCursor(search.cursor, searchedBy(search));
    return inTenant(this.db, tenantId, async (tx) => {
      const found = await find(tx, tenantId, search, from);
      const page = found.slice(0, search.limit);
      const items = await load(tx, tenantId, page);
      const last = found.length > search.limit ? page.at(-1) : undefined;
      return last ? { items, next: encodeCursor(last) } : { items };
    });
  }
}

function find(tx: EntityManager, tenantId: string, search: ContactSearch, from?: Cursor): Promise<Found[]> {
  const { state, limit } = search;
  if (search.name) return findByName(tx, tenantId, search, from);
  const after = from?.id ?? FIRST_ID;
  if (search.importId) {
    return tx.query(
      `SELECT id, '' AS key FROM contact WHERE tenant_id = $1 AND state = $2 AND id > $3 AND import_id = $5
       ORDER BY import_id, id LIMIT $4`,
      [tenantId, state, after, limit + 1, search.importId],
    );
  }
  if (!search.email) {
    return tx.query(
      `SELECT id, '' AS key FROM contact WHERE tenant_id = $1 AND state = $2 AND id > $3 ORDER BY id LIMIT $4`,
      [tenantId, state, after, limit + 1],
    );
  }
  return tx.query(
    `SELECT id, '' AS key FROM contact WHERE tenant_id = $1 AND state = $2 AND id > $3 AND email_normalised = $5
     ORDER BY email_normalised, id LIMIT $4`,
    [tenantId, state, after, limit + 1, addressKey(search.email)],
  );
}

/** Whoever matches by both names is found by the family name only. */
function findByName(tx: EntityManager, tenantId: string, search: ContactSearch, from?: Cursor): Promise<Found[]> {
  const { state, limit } = search;
  const prefix = searchedBy(search);
  return tx.query(
    `(SELECT id, family_key AS key FROM contact
      WHERE tenant_id = $1 AND state = $2 AND (family_key, id) > ($3, $4) AND family_key < $5
      ORDER BY family_key, id LIMIT $6)
     UNION ALL
     (SELECT id, given_key FROM contact
      WHERE tenant_id = $1 AND state = $2 AND (given_key, id) > ($3, $4) AND given_key < $5
        AND (family_key >= $7 AND family_key < $5) IS NOT TRUE
      ORDER BY given_key, id LIMIT $6)
     ORDER BY key, id LIMIT $6`,
    [tenantId, state, from?.key ?? prefix, from?.id ?? FIRST_ID, prefix + LAST_CHARACTER, limit + 1, prefix],
  );
}

async function load(tx: EntityManager, tenantId: string, page: readonly Found[]): Promise<ContactView[]> {
  const rows = await tx
    .createQueryBuilder(Contact, 'contact')
    .where('contact.id = ANY(:ids) AND contact.tenant_id = :tenantId', { ids: page.map(({ id }) => id), tenantId })
    .getMany();
  const byId = new Map(rows.map((contact) => [contact.id, contact]));
  return page.flatMap(({ id }) => {
    const contact = byId.get(id);
    return contact && contact.state !== 'expunging' ? [viewOf(contact)] : [];
  });
}

/** What the keys of a page begin with. */
const searchedBy = ({ name }: ContactSearch): string => (name === undefined ? '' : nameKey(name));

/** Before every id that is ever given, and after every name. */
const FIRST_ID = '00000000-0000-0000-0000-000000000000';
const LAST_CHARACTER = '\u{10FFFF}';
