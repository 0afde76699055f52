/** What is known of one expunge request, and what can happen to it: the data that expunge.process.ts decides from. */
import type { EraseOutcome, ExpungeReason, Requester, StoreEvidence } from '#contracts';
import type { SkippedRun, Waiting } from './waiting.decision.js';

export const EXPUNGE_STATES = ['waiting', 'erasing', 'expunged', 'confirmed'] as const;
export type ExpungeStateName = (typeof EXPUNGE_STATES)[number];

export interface ParticipantState {
  readonly name: string;
  /** With outcome, time and stores once it has proved that nothing is left. */
  readonly outcome?: EraseOutcome;
  readonly at?: string;
  readonly stores?: readonly StoreEvidence[];
  /** Why it would not, until evidence replaces it. */
  readonly refusal?: { readonly reason: string; readonly at: string };
}

interface Ids {
  readonly expungeId: string;
  readonly tenantId: string;
  readonly contactId: string;
}

/** What a request is known by when it opens. */
export interface Opening extends Ids {
  readonly reason: ExpungeReason;
  readonly requestedBy: Requester;
  readonly requestedAt: string;
  readonly subjectCommitment?: string;
  /** Kept unopened until the confirmation was accepted, refused for good, or given up. */
  readonly sealedRecipient?: string;
}

export interface ExpungeState extends Opening {
  readonly state: ExpungeStateName;
  /** How it waited before it began; stays when it has begun, so that people see why it took so long. */
  readonly waiting?: Waiting;
  /** As configured when the removal began; later changes of the configuration do not touch it. None while it waits. */
  readonly participants: readonly ParticipantState[];
  readonly overdue: boolean;
  readonly confirmationFailed: boolean;
  readonly askedTimes: number;
  readonly completedAt?: string;
  readonly confirmedAt?: string;
  readonly certificateId?: string;
  readonly emailId?: string;
}

export type Input = Ids &
  (
    | ({ kind: 'skipped' } & SkippedRun)
    | { kind: 'begun'; subjectCommitment?: string; sealedRecipient?: string; extra: readonly string[] }
    | { kind: 'waited-too-long' }
    | {
        kind: 'erased';
        participant: string;
        outcome: EraseOutcome;
        stores: readonly StoreEvidence[];
        at: string;
        now: string;
      }
    | { kind: 'refused'; participant: string; reason: string; at: string }
    | { kind: 'ask-due'; overdue: boolean }
    | { kind: 'email-accepted'; emailId: string; at: string }
    | { kind: 'email-rejected'; emailId: string; permanent: boolean }
    | { kind: 'confirmation-overdue' }
  );

export type IgnoredReason =
  | 'wrong-request'
  | 'not-begun'
  | 'already-begun'
  | 'already-finished'
  | 'unknown-participant'
  | 'duplicate'
  | 'proves-nothing'
  | 'already-erased'
  | 'other-mail'
  | 'mail-is-tried-again'
  | 'no-mail-under-way';
