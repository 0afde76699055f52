import { Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsISO8601, IsString, ValidateNested } from 'class-validator';
import { ERASE_OUTCOMES, type EraseOutcome, StoreEvidence, WAITING_FOR, type WaitingFor } from '#contracts';
import { Example, Optional, OrNull } from '#service';
import { RequestSummary } from './request-summary.js';

class ParticipantRefusal {
  @IsString() reason: string;
  @IsISO8601() at: string;
}

/** What a participant has proved, or why it refused; neither means that it has not answered. */
class ParticipantView {
  @IsString() name: string;
  /** With outcome, time and stores once it has proved that nothing is left. */
  @Optional() @IsIn(ERASE_OUTCOMES) outcome?: EraseOutcome;
  @Optional() @IsISO8601() at?: string;
  @Optional() @ValidateNested({ each: true }) @Type(() => StoreEvidence) stores?: readonly StoreEvidence[];
  /** Why it would not, until evidence replaces it. */
  @Optional() @ValidateNested() @Type(() => ParticipantRefusal) refusal?: ParticipantRefusal;
}

class SkippedRunView {
  @IsISO8601() at: string;
  @IsIn(WAITING_FOR, { each: true }) waitingFor: readonly WaitingFor[];
}

/** One request with all its evidence. */
@Example({
  expungeId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
  contactId: '01932f6e-7a10-7c3e-8f52-9b1d4e6a7c80',
  reason: 'account-deleted',
  requestedBy: 'candidate',
  requestedAt: '2026-11-02T09:30:00.000Z',
  receivedAt: '2026-11-02T09:30:00.120Z',
  state: 'erasing',
  waitingFor: null,
  waitingSince: null,
  waitingUntil: null,
  refused: true,
  overdue: false,
  confirmationFailed: false,
  confirmation: 'not-yet',
  completedAt: null,
  confirmedAt: null,
  certificateId: null,
  participants: [
    {
      name: 'contact-service',
      outcome: 'erased',
      at: '2026-11-02T09:30:00.300Z',
      stores: [{ store: 'contacts', erased: 1, remaining: 0 }],
    },
    { name: 'workflow-service', refusal: { reason: 'locked', at: '2026-11-02T09:30:00.310Z' } },
    { name: 'notification-service' },
  ],
  askedTimes: 1,
  askAgainAt: '2026-11-02T09:31:00.120Z',
  skippedRuns: [{ at: '2026-11-01T08:00:00.000Z', waitingFor: ['hold'] }],
  skippedTimes: 1,
})
export class RequestDetails extends RequestSummary {
  @ValidateNested({ each: true }) @Type(() => ParticipantView) participants: readonly ParticipantView[];
  @IsInt() askedTimes: number;
  @OrNull() @IsDate() askAgainAt: Date | null;
  /** Each time the removal was looked at and could not begin, oldest first; the newest ones only when they are many. */
  @ValidateNested({ each: true }) @Type(() => SkippedRunView) skippedRuns: readonly SkippedRunView[];
  /** How many they were. */
  @IsInt() skippedTimes: number;
}
