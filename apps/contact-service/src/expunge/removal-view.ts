import { IsDate, IsIn, IsUUID } from 'class-validator';
import { EXPUNGE_REASONS, type ExpungeReason, type Requester, REQUESTERS } from '#contracts';
import { Example, OrNull } from '#service';

const STATES = ['waiting', 'requested', 'expunged', 'confirmed', 'confirmation-failed'] as const;

/** How far a removal is, for people with the right role. */
@Example({
  expungeId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
  contactId: '01932f6e-7a10-7c3e-8f52-9b1d4e6a7c80',
  reason: 'account-deleted',
  requestedBy: 'candidate',
  requestedAt: '2026-11-02T09:30:00.000Z',
  expungedAt: '2026-11-02T09:30:00.412Z',
  confirmedAt: null,
  confirmationFailedAt: null,
  certificateId: 'c2f7a9d4-6b13-4e0d-8a5c-1d9e3f7b2a60',
  state: 'expunged',
})
export class RemovalView {
  @IsUUID() expungeId: string;
  @IsUUID() contactId: string;
  @IsIn(EXPUNGE_REASONS) reason: ExpungeReason;
  @OrNull() @IsIn(REQUESTERS) requestedBy: Requester | null;
  @IsDate() requestedAt: Date;
  @OrNull() @IsDate() expungedAt: Date | null;
  @OrNull() @IsDate() confirmedAt: Date | null;
  @OrNull() @IsDate() confirmationFailedAt: Date | null;
  @OrNull() @IsUUID() certificateId: string | null;
  /** `waiting`: accepted, the contact disabled, and not begun yet; why is told to the privacy officer only. */
  @IsIn(STATES) state: (typeof STATES)[number];
}
