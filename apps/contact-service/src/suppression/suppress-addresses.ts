import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { ExpungeReason } from '#contracts';
import { ContactConfig } from '../config.js';
import { lockAddresses } from './lock-addresses.js';
import { SuppressionKeys } from './suppression-keys.js';
import { suppressionAfter, type SuppressionKind } from './suppression.decision.js';

interface Expunged {
  readonly contactId: string;
  readonly expungeId: string;
}

interface Leaving {
  readonly contact_id: string;
  readonly tenant_id: string;
  readonly email_normalised: string;
  readonly expunge_id: string;
  readonly reason: ExpungeReason;
  /** The person has an account with this address: they want to be here. */
  readonly back: boolean;
}

/** The entry there is stays then, whole: its reason and expunge belong to its kind. */
const IS_STRONGER = `suppression.kind = 'removed' AND suppression.until > now() AND EXCLUDED.kind <> 'removed'`;

/**
 * Notes in the ledger the addresses of contacts that are about to be erased, in the erase's transaction, so that no moment
 * is without either contact or entry. Of two entries for one address the stronger one stays, and the longer time.
 */
@Injectable()
export class SuppressAddresses {
  constructor(
    private readonly keys: SuppressionKeys,
    private readonly config: ContactConfig,
  ) {}

  /** The subjects are locked. Returns the hash of the address of each contact that has one. */
  async execute(tx: EntityManager, expunged: readonly Expunged[]): Promise<Map<string, string>> {
    const addresses = await addressesOf(tx, expunged);
    const byTenant = Map.groupBy(addresses, ({ tenant_id }) => tenant_id);
    for (const [tenantId, of] of byTenant) {
      await lockAddresses(
        tx,
        tenantId,
        of.map(({ email_normalised }) => email_normalised),
      );
    }
    const leaving = addresses.length === 0 ? [] : await lookAgain(tx, expunged);
    const hashes = leaving.map((one) => [one.contact_id, this.keys.hash(one.tenant_id, one.email_normalised)] as const);
    await this.write(tx, leaving, new Map(hashes));
    return new Map(hashes);
  }

  private async write(tx: EntityManager, leaving: readonly Leaving[], hashes: ReadonlyMap<string, string>) {
    const entries = strongestOf(leaving, hashes);
    if (entries.length === 0) return;
    await tx.query(
      `INSERT INTO suppression (id, tenant_id, address_hash, kind, reason, expunge_id, until)
       SELECT id, tenant_id, address_hash, kind, reason, expunge_id, now() + days * interval '1 day'
       FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::int[])
         AS entry (id, tenant_id, address_hash, kind, reason, expunge_id, days)
       ORDER BY tenant_id, address_hash
       ON CONFLICT (tenant_id, address_hash) DO UPDATE SET
         kind = CASE WHEN ${IS_STRONGER} THEN suppression.kind ELSE EXCLUDED.kind END,
         reason = CASE WHEN ${IS_STRONGER} THEN suppression.reason ELSE EXCLUDED.reason END,
         expunge_id = CASE WHEN ${IS_STRONGER} THEN suppression.expunge_id ELSE EXCLUDED.expunge_id END,
         until = GREATEST(suppression.until, EXCLUDED.until)`,
      [
        entries.map(() => uuidv7()),
        entries.map((entry) => entry.tenant_id),
        entries.map((entry) => entry.hash),
        entries.map((entry) => entry.kind),
        entries.map((entry) => entry.reason),
        entries.map((entry) => entry.expunge_id),
        entries.map((entry) => this.daysOf(entry.kind)),
      ],
    );
  }

  private daysOf(kind: SuppressionKind): number {
    return kind === 'removed' ? this.config.SUPPRESS_REMOVED_DAYS : this.config.SUPPRESS_NO_ANSWER_DAYS;
  }
}

interface Entry extends Leaving {
  readonly hash: string;
  readonly kind: SuppressionKind;
}

/** One for each address: two people may have shared it. */
function strongestOf(leaving: readonly Leaving[], hashes: ReadonlyMap<string, string>): Entry[] {
  const strongest = new Map<string, Entry>();
  for (const one of leaving) {
    const [hash, kind] = [hashes.get(one.contact_id) ?? '', suppressionAfter(one.reason)];
    if (kind === undefined || one.back) continue;
    if (kind === 'removed' || !strongest.has(hash)) strongest.set(hash, { ...one, hash, kind });
  }
  return [...strongest.values()];
}

async function addressesOf(tx: EntityManager, expunged: readonly Expunged[]): Promise<Leaving[]> {
  return tx.query(
    `SELECT tenant_id, email_normalised FROM contact WHERE id = ANY($1::uuid[]) AND email_normalised IS NOT NULL`,
    [expunged.map(({ contactId }) => contactId)],
  );
}

/**
 * Under the locks on the addresses: who signed up while this waited for them is seen. An account whose address nobody has
 * verified may be anybody's.
 */
async function lookAgain(tx: EntityManager, expunged: readonly Expunged[]): Promise<Leaving[]> {
  return tx.query(
    `SELECT contact.id AS contact_id, contact.tenant_id, contact.email_normalised, removal.expunge_id, removal.reason,
       EXISTS (
         SELECT FROM contact AS own WHERE own.tenant_id = contact.tenant_id
           AND own.email_normalised = contact.email_normalised AND own.address_verified AND own.state = 'active'
       ) AS back
     FROM unnest($1::uuid[], $2::uuid[]) AS expunged (contact_id, expunge_id)
     JOIN contact ON contact.id = expunged.contact_id AND contact.email_normalised IS NOT NULL
     JOIN removal ON removal.expunge_id = expunged.expunge_id
     ORDER BY contact.id`,
    [expunged.map(({ contactId }) => contactId), expunged.map(({ expungeId }) => expungeId)],
  );
}
