import { IsIn, IsInt, IsISO8601, IsOptional, Max, Min } from 'class-validator';
import { IsId } from './id.js';
import { ContactMessage } from './message.js';

const TEN_YEARS_IN_SECONDS = 10 * 366 * 24 * 60 * 60;

export const OPT_IN_MAILS = ['opt-in', 'opt-in-reminder'] as const;
/** The mail that asks a person to opt in, and the one that asks again those who have not answered. */
export type OptInMail = (typeof OPT_IN_MAILS)[number];

/**
 * Ask this contact by email to opt in. The email id is made from enrolment, step and attempt, so that a repeat is the same
 * mail: asked again, what is known of it is said again. Answered by the fate of that mail (EmailAccepted and so on), by OptInNotSent,
 * or by OptInKnown.
 */
export class RequestOptIn extends ContactMessage {
  static readonly type = 'RequestOptIn';
  static readonly version = 1;
  static readonly topic = 'contact.commands';
  declare protected readonly brand: 'RequestOptIn';

  @IsId() enrolmentId: string;
  @IsId() workflowId: string;
  @IsId() emailId: string;
  @IsIn(OPT_IN_MAILS) template: OptInMail;
  /** What the mail promises: time from its acceptance until whoever has not opted in is removed. 0: nobody is. */
  @IsInt() @Min(0) @Max(TEN_YEARS_IN_SECONDS) graceSeconds: number;
  /** How long the link of the mail can be used, from the acceptance of the mail. */
  @IsInt() @Min(1) @Max(TEN_YEARS_IN_SECONDS) linkValidSeconds: number;
}

export const NOT_SENT_REASONS = [
  'no-address',
  'opted-in',
  'declined',
  'disabled',
  'undeliverable',
  'suppressed',
  'stopped',
  'gone',
] as const;
export type NotSentReason = (typeof NOT_SENT_REASONS)[number];

/** No mail asks this contact, and why: it cannot, must not, or need not. `suppressed`: somebody with its address was removed. */
export class OptInNotSent extends ContactMessage {
  static readonly type = 'OptInNotSent';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'OptInNotSent';

  @IsId() enrolmentId: string;
  @IsId() emailId: string;
  @IsIn(NOT_SENT_REASONS) reason: NotSentReason;
  @IsISO8601() at: string;
}

export const CAME_BACK = ['rejected', 'hard', 'soft'] as const;
/** Refused for good; or accepted, and bounced later in this way. */
export type CameBack = (typeof CAME_BACK)[number];

/** What is known of a mail that was asked for before: whoever asks again has not heard it. */
export class OptInKnown extends ContactMessage {
  static readonly type = 'OptInKnown';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'OptInKnown';

  @IsId() enrolmentId: string;
  @IsId() emailId: string;
  /** Absent: it was not, as far as is known. */
  @IsOptional() @IsISO8601() acceptedAt?: string;
  @IsOptional() @IsIn(CAME_BACK) cameBack?: CameBack;
}

/** The grace period is over: remove the contact, if contact-service, from what it knows itself, finds that it may go. */
export class ExpungeContact extends ContactMessage {
  static readonly type = 'ExpungeContact';
  static readonly version = 1;
  static readonly topic = 'contact.commands';
  declare protected readonly brand: 'ExpungeContact';

  @IsId() enrolmentId: string;
  /** The mail whose acceptance started the grace period. */
  @IsId() emailId: string;
  @IsInt() @Min(1) @Max(TEN_YEARS_IN_SECONDS) graceSeconds: number;
}

export const DECLINE_REASONS = [
  'opted-in',
  'held',
  'not-asked',
  'too-early',
  'bounced',
  'policy-off',
  'kill-switch',
  'daily-cap',
  'stopped',
  'gone',
] as const;
/** Why a contact is not removed for its silence. */
export type DeclineReason = (typeof DECLINE_REASONS)[number];

/** The contact stays, for now or for good. */
export class ExpungeDeclined extends ContactMessage {
  static readonly type = 'ExpungeDeclined';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'ExpungeDeclined';

  @IsId() enrolmentId: string;
  @IsIn(DECLINE_REASONS) reason: DeclineReason;
  @IsISO8601() at: string;
}

/** Somebody at the client took the contact out of all its enrolments: no further mail, and no removal for silence. */
export class StopEnrolments extends ContactMessage {
  static readonly type = 'StopEnrolments';
  static readonly version = 1;
  static readonly topic = 'workflow.commands';
  declare protected readonly brand: 'StopEnrolments';

  @IsISO8601() at: string;
}

/**
 * Ask this contact again, by mails with clocks of their own, in all enrolments that are not over, and in those that have done all
 * their steps while their workflow takes contacts in: it has another address, so what was sent before has asked somebody else,
 * perhaps. Nobody is removed for not answering that, and its fate counts no more.
 */
export class AskAgain extends ContactMessage {
  static readonly type = 'AskAgain';
  static readonly version = 1;
  static readonly topic = 'workflow.commands';
  declare protected readonly brand: 'AskAgain';

  @IsISO8601() at: string;
}
