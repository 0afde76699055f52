import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { inEveryTenant } from '#messaging';
import { confirmationOf, REQUEST_COLUMNS, type RequestRow } from '../officer/request-summary.js';
import { type Controller, controllersOf } from '../tenants/controllers.js';
import type { RemovalStatus } from './removal-status.js';

/** Long enough that nobody guesses one, short enough to be a part of an address. */
const TOKEN = /^[\w-]{20,128}$/;

/**
 * Looks a removal up by the token in the person's address; only its hash is known here. Who holds the address belongs to
 * no tenant, so every tenant's requests are looked through.
 */
@Injectable()
export class ShowStatus {
  constructor(private readonly db: DataSource) {}

  async execute(token: string): Promise<RemovalStatus | undefined> {
    return inEveryTenant(this.db, async (tx) => {
      const row = await find<RequestRow>(tx, token, REQUEST_COLUMNS);
      return row && toStatus(row, (await controllersOf(tx, [row.tenantId]))(row.tenantId));
    });
  }

  /** The signed certificate, once there is one. */
  async certificate(token: string): Promise<string | undefined> {
    const row = await inEveryTenant(this.db, (tx) => find<{ certificate: string | null }>(tx, token, 'certificate'));
    return row?.certificate ?? undefined;
  }
}

/** Says of a request that waits that it does, and not for what: a legal hold is nothing to be told of. */
function toStatus(row: RequestRow, { name, privacyContact }: Controller): RemovalStatus {
  return {
    state: row.state,
    controller: { name, privacyContact },
    requestedAt: row.requestedAt.toISOString(),
    completedAt: row.completedAt?.toISOString(),
    participants: row.participants.map(({ name: participant, outcome, refusal, at }) => ({
      name: participant,
      state: outcome ?? (refusal ? 'refused' : 'waiting'),
      at,
    })),
    certificate: row.certificateId !== null,
    confirmation: confirmationOf(row),
  };
}

async function find<Row>(tx: EntityManager, token: string, columns: string): Promise<Row | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const hash = createHash('sha256').update(token).digest('base64url');
  const [row]: Row[] = await tx.query(`SELECT ${columns} FROM expunge_request WHERE status_token_hash = $1`, [hash]);
  return row;
}
