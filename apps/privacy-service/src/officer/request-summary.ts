import type { ExpungeStateName, ParticipantState } from '../expunge/expunge.process.js';

/** How the mail with the certificate stands. */
export type ConfirmationState = 'not-yet' | 'nothing-to-send' | 'waiting' | 'accepted' | 'failed';

export interface RequestSummary {
  readonly expungeId: string;
  readonly contactId: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly receivedAt: Date;
  readonly state: ExpungeStateName;
  readonly refused: boolean;
  readonly overdue: boolean;
  readonly confirmationFailed: boolean;
  readonly confirmation: ConfirmationState;
  readonly completedAt: Date | null;
  readonly confirmedAt: Date | null;
  readonly certificateId: string | null;
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
  ask_again_at AS "askAgainAt"`;

export function toSummary(row: RequestRow): RequestSummary {
  return {
    expungeId: row.expungeId,
    contactId: row.contactId,
    reason: row.reason,
    requestedBy: row.requestedBy,
    requestedAt: row.requestedAt,
    receivedAt: row.receivedAt,
    state: row.state,
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
  if (row.state === 'erasing') return 'not-yet';
  if (row.state === 'confirmed') return 'accepted';
  if (row.confirmationFailed) return 'failed';
  return row.emailId === null ? 'nothing-to-send' : 'waiting';
}
