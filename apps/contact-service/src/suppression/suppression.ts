import { Column, Entity, type EntityManager, PrimaryColumn } from 'typeorm';
import type { ExpungeReason } from '#contracts';
import { Rejection } from '#service';
import type { SuppressionKind } from './suppression.decision.js';

/**
 * An address that the company may not add again: somebody with it was removed, or did not answer when asked. Only a keyed
 * hash of the address; one that was lifted has none any more. Ends at `until`.
 */
@Entity('suppression')
export class Suppression {
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId: string;
  @Column('text', { name: 'address_hash', nullable: true }) addressHash: string | null;
  @Column('text') kind: SuppressionKind;
  /** Of the expunge it comes from. */
  @Column('text') reason: ExpungeReason;
  @Column('uuid', { name: 'expunge_id' }) expungeId: string;
  @Column('timestamptz') until: Date;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'lifted_at', nullable: true }) liftedAt: Date | null;
  @Column('text', { name: 'lifted_by', nullable: true }) liftedBy: string | null;
  @Column('text', { name: 'lift_reason', nullable: true }) liftReason: string | null;
}

type InForce = Pick<Suppression, 'id' | 'kind' | 'until'>;

/** Those of these hashes that are in force; whoever lets an address in has locked it. */
export async function suppressedAmong(
  tx: EntityManager,
  tenantId: string,
  hashes: readonly string[],
): Promise<Map<string, InForce>> {
  const rows: (InForce & { hash: string })[] = await tx.query(
    `SELECT id, address_hash AS hash, kind, until FROM suppression
     WHERE tenant_id = $1 AND address_hash = ANY($2::text[]) AND until > clock_timestamp()`,
    [tenantId, hashes],
  );
  return new Map(rows.map(({ hash, ...entry }) => [hash, entry]));
}

const WHY: Readonly<Record<SuppressionKind, string>> = {
  removed: 'Somebody with this address was removed for good',
  'no-answer': 'Somebody with this address did not answer when asked to opt in, and is not to be asked again',
};

/** How a refusal is called: of a row in the report of an import, and, with `address-` before it, of a single contact. */
export const REFUSED_AS: Readonly<Record<SuppressionKind, string>> = {
  removed: 'suppressed',
  'no-answer': 'not-to-be-asked',
};

const TITLE: Readonly<Record<SuppressionKind, string>> = {
  removed: 'This address must not be added.',
  'no-answer': 'This address must not be added yet.',
};

/** The last day on which only the person can sign up. */
export const lastDay = (until: Date): string => until.toISOString().slice(0, 10);

/** Who is refused learns the reason and the end, and nothing about the person. */
export const addressSuppressed = ({ kind, until }: InForce): Rejection =>
  new Rejection(
    `address-${REFUSED_AS[kind]}`,
    TITLE[kind],
    409,
    `${WHY[kind]}; until ${lastDay(until)} only the person can sign up. The privacy officer can lift this.`,
  );
