import { Type } from 'class-transformer';
import { IsBoolean, IsDate, IsIn, IsInt, IsString, IsUUID, Min, ValidateNested } from 'class-validator';
import { Example, OrNull } from '#service';
import { DECLINE_REASONS, type DeclineReason } from '#contracts';
import type { Standing } from './consent-state.js';
import { CONSENT_STATES, type ConsentState } from './standing.decision.js';

export const CONSENT_EVENTS = [
  'asked',
  'reminded',
  'accepted',
  'rejected',
  'bounced-soft',
  'bounced-hard',
  'complained',
  'opted-in',
  'declined',
  'address-changed',
  'not-removed',
  'called-back',
  'stopped',
] as const;
export type ConsentEventKind = (typeof CONSENT_EVENTS)[number];

/** Something that was sent, came back or was decided. */
export class ConsentEvent {
  @IsDate() at: Date;
  @IsIn(CONSENT_EVENTS) what: ConsentEventKind;
  /** The mail it is about. */
  @OrNull() @IsUUID() emailId: string | null;
  /** A code: why a mail came back, how the person decided, or why the contact was not removed. */
  @OrNull() @IsString() reason: string | null;
  /** Who stopped it. */
  @OrNull() @IsString() by: string | null;
  /** Of what happened again and again: how often, and when last. */
  @OrNull() @IsInt() @Min(1) times: number | null;
  @OrNull() @IsDate() lastAt: Date | null;
}

/** Where a contact stands. */
@Example({
  contactId: '0197f39e-11aa-7c3e-8f52-9b1d4e6a7c80',
  state: 'asked',
  words: 'asked, 12 days left',
  daysLeft: 12,
  endsAt: '2026-12-02T09:30:00.000Z',
  keptBy: null,
  overdue: false,
})
export class ConsentStanding {
  @IsUUID() contactId: string;
  @IsIn(CONSENT_STATES) state: ConsentState;
  /** The state as a person says it. */
  @IsString() words: string;
  /** Until whoever has not opted in is removed; null when nobody will be, or the time has not begun. */
  @OrNull() @IsInt() @Min(0) daysLeft: number | null;
  @OrNull() @IsDate() endsAt: Date | null;
  /** Why it is not removed although it does not answer; null while it is not time. */
  @OrNull() @IsIn(DECLINE_REASONS) keptBy: DeclineReason | null;
  /**
   * Its time has been over for more than a day, and nobody has asked for its removal for two days: its enrolment is lost, or
   * late.
   */
  @IsBoolean() overdue: boolean;
}

@Example({
  contactId: '0197f39e-11aa-7c3e-8f52-9b1d4e6a7c80',
  state: 'undeliverable',
  words: 'undeliverable',
  daysLeft: null,
  endsAt: null,
  keptBy: null,
  overdue: false,
  timeline: [
    {
      at: '2026-11-02T09:30:00.000Z',
      what: 'asked',
      emailId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
      reason: null,
      by: null,
      times: null,
      lastAt: null,
    },
    {
      at: '2026-11-02T09:31:10.000Z',
      what: 'bounced-hard',
      emailId: '0d9a3f52-14cb-4a8e-b7f3-5c2e81d6f094',
      reason: 'dsn-5-1-1',
      by: null,
      times: null,
      lastAt: null,
    },
  ],
})
export class ConsentView extends ConsentStanding {
  /** Oldest first. */
  @ValidateNested({ each: true }) @Type(() => ConsentEvent) timeline: ConsentEvent[];
}

export const standingViewOf = (standing: Standing): Standing & { readonly words: string } => ({
  ...standing,
  words: wordsOf(standing),
});

function wordsOf({ state, daysLeft, keptBy }: Standing): string {
  const time = daysLeft === null ? undefined : `${daysLeft} ${daysLeft === 1 ? 'day' : 'days'} left`;
  const kept = keptBy === null ? undefined : `not removed: ${said(keptBy)}`;
  return [said(state), time, kept].filter((words) => words !== undefined).join(', ');
}

const said = (code: string): string => code.replaceAll('-', ' ');
