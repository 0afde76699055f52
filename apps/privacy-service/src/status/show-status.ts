import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ExpungeStateName } from '../expunge/expunge.process.js';
import {
  type ConfirmationState,
  confirmationOf,
  REQUEST_COLUMNS,
  type RequestRow,
} from '../officer/request-summary.js';
import { type Controller, controllersOf } from '../tenants/controllers.js';

export interface ParticipantStatus {
  readonly name: string;
  readonly state: 'waiting' | 'refused' | 'erased' | 'nothing_held';
  readonly at?: string;
}

/** How far a removal is, for the person it is about: nothing in it says who that is. */
export interface RemovalStatus {
  readonly state: ExpungeStateName;
  readonly controller: Pick<Controller, 'name' | 'privacyContact'>;
  readonly requestedAt: string;
  readonly completedAt?: string;
  readonly participants: readonly ParticipantStatus[];
  readonly certificate: boolean;
  readonly confirmation: ConfirmationState;
}

/** Long enough that nobody guesses one, short enough to be a part of an address. */
const TOKEN = /^[\w-]{20,128}$/;

/** Looks a removal up by the token in the person's address; only its hash is known here. */
@Injectable()
export class ShowStatus {
  constructor(private readonly db: DataSource) {}

  async execute(token: string): Promise<RemovalStatus | undefined> {
    const row = await this.find<RequestRow>(token, REQUEST_COLUMNS);
    if (!row) return undefined;
    const { name, privacyContact } = (await controllersOf(this.db.manager, [row.tenantId]))(row.tenantId);
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

  /** The signed certificate, once there is one. */
  async certificate(token: string): Promise<string | undefined> {
    return (await this.find<{ certificate: string | null }>(token, 'certificate'))?.certificate ?? undefined;
  }

  private async find<Row>(token: string, columns: string): Promise<Row | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const hash = createHash('sha256').update(token).digest('base64url');
    const [row]: Row[] = await this.db.query(`SELECT ${columns} FROM expunge_request WHERE status_token_hash = $1`, [
      hash,
    ]);
    return row;
  }
}
