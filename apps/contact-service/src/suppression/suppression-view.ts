import { IsBoolean, IsDate, IsIn, IsString, IsUUID, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { EXPUNGE_REASONS, type ExpungeReason } from '#contracts';
import { Example, OrNull } from '#service';
import type { Suppression } from './suppression.js';
import type { SuppressionKind } from './suppression.decision.js';

const EXAMPLE = {
  id: '0197f3a0-6c1e-7d10-9a55-3f0c1f6f0b11',
  kind: 'removed',
  reason: 'account-deleted',
  expungeId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
  createdAt: '2026-11-02T09:30:00.000Z',
  until: '2029-11-01T09:30:00.000Z',
  liftedBy: null,
  liftedAt: null,
  liftReason: null,
};

/** An entry of the ledger as the privacy officer sees it. It does not say whose address it is. */
@Example(EXAMPLE)
export class SuppressionView {
  @IsUUID() id: string;
  /** `removed`: must not be added; `no-answer`: is not to be asked again. */
  @IsIn(['removed', 'no-answer']) kind: SuppressionKind;
  /** Of the expunge it comes from. */
  @IsIn(EXPUNGE_REASONS) reason: ExpungeReason;
  @IsUUID() expungeId: string;
  @IsDate() createdAt: Date;
  @IsDate() until: Date;
  @OrNull() @IsString() liftedBy: string | null;
  @OrNull() @IsDate() liftedAt: Date | null;
  @OrNull() @IsString() liftReason: string | null;
}

@Example({ suppressed: true, entry: EXAMPLE })
export class SuppressionFound {
  @IsBoolean() suppressed: boolean;
  @OrNull() @ValidateNested() @Type(() => SuppressionView) entry: SuppressionView | null;
}

export function suppressionViewOf(entry: Suppression): SuppressionView {
  const { id, kind, reason, expungeId, createdAt, until, liftedBy, liftedAt, liftReason } = entry;
  return { id, kind, reason, expungeId, createdAt, until, liftedBy, liftedAt, liftReason };
}
