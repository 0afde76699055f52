import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ContactAdded, message } from '#contracts';
import { Outbox } from '#messaging';
import { addressKey } from '../contacts/address-key.js';
import { lockAddresses } from '../suppression/lock-addresses.js';
import { lastDay, REFUSED_AS } from '../suppression/suppression.js';
import type { SuppressionKind } from '../suppression/suppression.decision.js';
import { SuppressionKeys } from '../suppression/suppression-keys.js';
import type { ChunkCounts, Position } from './import-position.js';
import type { Person, ReadRow, Refused } from './import-row.js';
import { type Imported, insertContacts } from './insert-contacts.js';
import { insertReportRows, type ReportRow } from './report-rows.js';

/**
 * Imports some rows, in the caller's transaction and with a number of statements that does not depend on how many they are:
 * locks their addresses, and only then looks who is here already and who may not be added.
 */
@Injectable()
export class ImportChunk {
  constructor(
    private readonly keys: SuppressionKeys,
    private readonly outbox: Outbox,
  ) {}

  /** `rows` begin at the import's position. */
  async execute(tx: EntityManager, of: Position, rows: readonly ReadRow[]): Promise<ChunkCounts> {
    const obstacle = await this.obstacles(tx, of, rows);
    const [imported, report]: [Imported[], ReportRow[]] = [[], []];
    rows.forEach(({ record, found }, n) => {
      // As in a spreadsheet, whose first row is the header.
      const no = of.rowsRead + n + 2;
      const refused = obstacle(found);
      if (refused) report.push(this.refusedRow(of.tenantId, no, record, refused));
      else {
        const contactId = uuidv7();
        imported.push({ contactId, person: found as Person });
        report.push({ no, contactId, record });
      }
    });
    await insertContacts(tx, of, imported);
    await this.announce(tx, of, imported);
    await insertReportRows(tx, of, report);
    return countsOf(report);
  }

  /**
   * Tells why a person may not be added, row after row: the first row with an address that can be used takes it. Rows that are
   * refused already are asked about as well: of who is in the ledger nothing is kept, whatever else is wrong with the row.
   */
  private async obstacles(
    tx: EntityManager,
    { id, tenantId }: Position,
    rows: readonly ReadRow[],
  ): Promise<(found: Person | Refused) => Refused | undefined> {
    const named = rows.flatMap(({ found: { email } }) => (email === undefined ? [] : [addressKey(email)]));
    const addresses = [...new Set(named)];
    await lockAddresses(tx, tenantId, addresses);
    const hashes = addresses.map((address) => this.keys.hash(tenantId, address));
    const taken = await holdersOf(tx, tenantId, addresses, hashes);
    return (found) => {
      const refused = 'reason' in found ? found : undefined;
      const { email } = found;
      if (email === undefined) return refused;
      const address = addressKey(email);
      const holder = taken.get(address);
      if (holder?.suppression) return refusedBy(holder.suppression, holder.until);
      if (refused) return refused;
      if (!holder) {
        taken.set(address, { state: 'active', importId: id });
        return undefined;
      }
      if (holder.state === 'expunging') return { reason: 'being-removed', email };
      return { reason: holder.importId === id ? 'duplicate-in-file' : 'address-taken', email };
    };
  }

  /** Of a suppressed row nothing is kept: the person was promised to be gone. */
  private refusedRow(tenantId: string, no: number, record: readonly string[], refused: Refused): ReportRow {
    const { reason, email, until, isSuppressed = false } = refused;
    if (isSuppressed) return { no, reason, until };
    return { no, reason, record, addressHash: email && this.keys.hash(tenantId, email) };
  }

  private async announce(tx: EntityManager, { id, tenantId }: Position, imported: readonly Imported[]): Promise<void> {
    const at = new Date().toISOString();
    const added = imported.map(({ contactId, person: { country } }) => {
      return { tenantId, contactId, source: 'import' as const, importId: id, country: country ?? undefined, at };
    });
    await this.outbox.add(
      tx,
      added.map((data) => message(ContactAdded, data)),
    );
  }
}

/** What stands in the way of an address: a contact, or an entry in the ledger of those that may not be added. */
interface Holder {
  /** Of the contact. */
  readonly state: string | null;
  readonly importId: string | null;
  readonly suppression?: SuppressionKind | null;
  readonly until?: Date | null;
}

/** Of silence the last day is said as well: the company can keep the row until then. */
function refusedBy(kind: SuppressionKind, until: Date | null = null): Refused {
  const ends = kind === 'no-answer' && until !== null ? lastDay(until) : undefined;
  return { reason: REFUSED_AS[kind], until: ends, isSuppressed: true };
}

/**
 * By address. An entry in the ledger counts before a contact, and of several contacts the first one. One walk down an index for
 * each address: without statistics of personal columns a join would be planned as a look at every contact of the company.
 */
async function holdersOf(
  tx: EntityManager,
  tenantId: string,
  addresses: readonly string[],
  hashes: readonly string[],
): Promise<Map<string, Holder>> {
  const rows: (Holder & { address: string })[] = await tx.query(
    `SELECT asked.address, holder.state, holder.import_id AS "importId", holder.kind AS suppression, holder.until
     FROM unnest($2::text[], $3::text[]) AS asked (address, hash) CROSS JOIN LATERAL (
       (SELECT NULL AS state, NULL::uuid AS import_id, kind, until FROM suppression
        WHERE tenant_id = $1 AND address_hash = asked.hash AND until > clock_timestamp() LIMIT 1)
       UNION ALL
       (SELECT state, import_id, NULL, NULL FROM contact
        WHERE tenant_id = $1 AND email_normalised = asked.address ORDER BY email_normalised, id LIMIT 1)
       LIMIT 1
     ) AS holder`,
    [tenantId, addresses, hashes],
  );
  return new Map(rows.map((row) => [row.address, row]));
}

function countsOf(report: readonly ReportRow[]): ChunkCounts {
  const rejected: Record<string, number> = {};
  for (const { reason } of report) if (reason !== undefined) rejected[reason] = (rejected[reason] ?? 0) + 1;
  return { imported: report.filter(({ reason }) => reason === undefined).length, rejected };
}
