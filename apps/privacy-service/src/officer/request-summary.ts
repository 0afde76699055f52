import { IsBoolean, IsDate, IsIn, IsISO8601, IsUUID } from 'class-validator';
import { EXPUNGE_REASONS, REQUESTERS, WAITING_FOR, type WaitingFor } from '#contracts';
import { Example, OrNull } from '#service';
import { EXPUNGE_STATES, type ExpungeStateName, type ParticipantState } from '../expunge/expunge-state.process.js';

/** How the mail with the certificate stands. */
export const CONFIRMATION_STATES = ['not-yet', 'nothing-to-send', 'waiting', 'accepted', 'failed'] as const;
export type ConfirmationState = (typeof CONFIRMATION_STATES)[number];

@Example({
  expungeId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
  contactId: '01932f6e-7a10-7c3e-8f52-9b1d4e6a7c80',
  reason: 'account-deleted',
  requestedBy: 'candidate',
  requestedAt: '2026-11-02T09:30:00.000Z',
  receivedAt: '2026-11-02T09:30:00.120Z',
  state: 'expunged',
  waitingFor: null,
  waitingSince: null,
  waitingUntil: null,
  refused: false,
  overdue: false,
  confirmationFailed: false,
  confirmation: 'waiting',
  completedAt: '2026-11-02T09:30:00.412Z',
  confirmedAt: null,
  certificateId: 'c2f7a9d4-6b13-4e0d-8a5c-1d9e3f7b2a60',
})
export class RequestSummary {
  @IsUUID() expungeId: string;
  @IsUUID() contactId: string;
  @IsIn(EXPUNGE_REASONS) reason: string;
  @IsIn(REQUESTERS) requestedBy: string;
  @IsDate() requestedAt: Date;
  @IsDate() receivedAt: Date;
  @IsIn(EXPUNGE_STATES) state: ExpungeStateName;
  /** Why it has not begun, since when, and until when if that is known; null unless it waits. */
  @OrNull() @IsIn(WAITING_FOR, { each: true }) waitingFor: readonly WaitingFor[] | null;
  @OrNull() @IsISO8601() waitingSince: string | null;
  @OrNull() @IsISO8601() waitingUntil: string | null;
  @IsBoolean() refused: boolean;
  @IsBoolean() overdue: boolean;
  @IsBoolean() confirmationFailed: boolean;
  @IsIn(CONFIRMATION_STATES) confirmation: ConfirmationState;
  @OrNull() @IsDate() completedAt: Date | null;
  @OrNull() @IsDate() confirmedAt: Date | null;
  @OrNull() @IsUUID() certificateId: string | null;
}

export interface RequestRow extends Omit<RequestSummary, 'confirmation'> {
  readonly tenantId: string;
  readonly emailId: string | null;
  readonly participants: readonly ParticipantState[];
  readonly askedTimes: number;
  readonly askAgainAt: Date | null;
}

export const REQUEST_COLUMNS = `expunge_id AS "expungeId", tenant_id AS "tenantId", contact_id AS "contactId", reason,
  requested_by AS "requestedBy", requested_at AS "requestedAt", received_at AS "receivedAt", state, refused, overdue,
  confirmation_failed AS "confirmationFailed", completed_at AS "completedAt", confirmed_at AS "confirmedAt",
  certificate_id AS "certificateId", email_id AS "emailId", participants, asked_times AS "askedTimes",
  ask_again_at AS "askAgainAt", waiting->'waitingFor' AS "waitingFor", waiting->>'since' AS "waitingSince",
  waiting->>'until' AS "waitingUntil"`;

export function toSummary(row: RequestRow): RequestSummary {
  // The row remembers how it waited when it has begun.
  const waits = row.state === 'waiting';
  return {
    expungeId: row.expungeId,
    contactId: row.contactId,
    reason: row.reason,
    requestedBy: row.requestedBy,
    requestedAt: row.requestedAt,
    receivedAt: row.receivedAt,
    state: row.state,
    waitingFor: waits ? row.waitingFor : null,
    waitingSince: waits ? row.waitingSince : null,
    waitingUntil: waits ? row.waitingUntil : null,
    refused: row.refused,
    overdue: row.overdue,
    confirmationFailed: row.confirmationFailed,
    confirmation: confirmationOf(row),
    completedAt: row.completedAt,
    confirmedAt: row.confirmedAt,
    certificateId: row.certificateId,
  };
}

export function confirmationOf(row: Pick<RequestRow, 'state' | 'confirmationFailed' | 'emailId'>): ConfirmationState {
  if (row.state === 'waiting' || row.state === 'erasing') return 'not-yet';
  if (row.state === 'confirmed') return 'accepted';
  if (row.confirmationFailed) return 'failed';
  return row.emailId === null ? 'nothing-to-send' : 'waiting';
}
