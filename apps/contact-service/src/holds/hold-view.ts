import { IsDate, IsIn, IsString, IsUUID } from 'class-validator';
import { Example, OrNull } from '#service';
import { type Hold, HOLD_REASONS, type HoldReason } from './hold.js';

/** A hold as the privacy officer sees it. */
@Example({
  id: '0197f3a0-6c1e-7d10-9a55-3f0c1f6f0b11',
  contactId: '0197f39e-11aa-7c3e-8f52-9b1d4e6a7c80',
  caseReference: '2026/117-A',
  reason: 'litigation',
  until: '2027-03-31T22:00:00.000Z',
  placedBy: 'officer-4711',
  placedAt: '2026-11-02T09:30:00.000Z',
  liftedBy: null,
  liftedAt: null,
  liftReason: null,
})
export class HoldView {
  @IsUUID() id: string;
  @IsUUID() contactId: string;
  @IsString() caseReference: string;
  @IsIn(HOLD_REASONS) reason: HoldReason;
  /** Null: until somebody lifts it. */
  @OrNull() @IsDate() until: Date | null;
  @IsString() placedBy: string;
  @IsDate() placedAt: Date;
  @OrNull() @IsString() liftedBy: string | null;
  @OrNull() @IsDate() liftedAt: Date | null;
  @OrNull() @IsString() liftReason: string | null;
}

export function holdViewOf(hold: Hold): HoldView {
  const { id, contactId, caseReference, reason, until, placedBy, placedAt, liftedBy, liftedAt, liftReason } = hold;
  return { id, contactId, caseReference, reason, until, placedBy, placedAt, liftedBy, liftedAt, liftReason };
}
