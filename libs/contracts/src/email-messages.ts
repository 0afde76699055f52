import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsMimeType,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { OPT_IN_MAILS } from './consent-messages.js';
import { IsId } from './id.js';
import { JWE, NAME } from './expunge-messages.js';
import { ContactMessage } from './message.js';

export const EMAIL_PURPOSES = ['expunge-confirmation', 'removal-link', ...OPT_IN_MAILS] as const;
export type EmailPurpose = (typeof EMAIL_PURPOSES)[number];

/** Hours in which the link of a `removal-link` mail can be used; later the mail is not worth a further try. */
export const REMOVAL_LINK_VALID_HOURS = 24;

/** A text file sent along with a mail. */
export class Attachment {
  @Matches(/^[A-Za-z0-9_.-]{1,100}$/) filename: string;
  @IsMimeType() contentType: string;
  @IsString() @MaxLength(65_536) content: string;
}

/** Send one mail to a sealed recipient. The email id is the identity of the mail: asked twice, sent once. */
export class SendEmail extends ContactMessage {
  static readonly type = 'SendEmail';
  static readonly version = 1;
  static readonly topic = 'notification.commands';
  declare protected readonly brand: 'SendEmail';

  @IsId() emailId: string;
  @IsIn(EMAIL_PURPOSES) purpose: EmailPurpose;
  /** The request a confirmation belongs to; the seal must name the same one. */
  @IsOptional() @IsId() expungeId?: string;
  @Matches(JWE) @MaxLength(8_192) sealed: string;
  /** Of a mail that asks to opt in: what it promises, see RequestOptIn. */
  @IsOptional() @IsInt() @Min(0) graceSeconds?: number;
  @IsArray() @ArrayMaxSize(5) @ValidateNested({ each: true }) @Type(() => Attachment) attachments: Attachment[];
}

/**
 * Call back mails that ask to opt in: the reason for asking has ended. Those that were not handed over yet are not sent, and
 * their recipients are forgotten; one that is being handed over may still go. Not answered: the sender knows why it asks.
 */
export class CancelEmails extends ContactMessage {
  static readonly type = 'CancelEmails';
  static readonly version = 1;
  static readonly topic = 'notification.commands';
  declare protected readonly brand: 'CancelEmails';

  @IsArray() @ArrayNotEmpty() @ArrayMaxSize(1_000) @IsId({ each: true }) emailIds: string[];
}

/** The receiving server accepted the mail (not the same as read, or even delivered). */
export class EmailAccepted extends ContactMessage {
  static readonly type = 'EmailAccepted';
  static readonly version = 1;
  static readonly topic = 'notification.events';
  declare protected readonly brand: 'EmailAccepted';

  @IsId() emailId: string;
  @IsIn(EMAIL_PURPOSES) purpose: EmailPurpose;
  @IsOptional() @IsId() expungeId?: string;
  @IsISO8601() at: string;
}

/** The mail will not be delivered (`permanent`) or was put off and is tried again. Never the server's own text. */
export class EmailRejected extends ContactMessage {
  static readonly type = 'EmailRejected';
  static readonly version = 1;
  static readonly topic = 'notification.events';
  declare protected readonly brand: 'EmailRejected';

  @IsId() emailId: string;
  @IsIn(EMAIL_PURPOSES) purpose: EmailPurpose;
  @IsOptional() @IsId() expungeId?: string;
  @IsBoolean() permanent: boolean;
  /** For example smtp-550, expired, unusable-address. */
  @Matches(NAME) code: string;
  @IsISO8601() at: string;
}

export const BOUNCE_KINDS = ['hard', 'soft', 'complaint'] as const;
/** The address does not work; it does not work now; the person reported the mail as unwanted. */
export type BounceKind = (typeof BOUNCE_KINDS)[number];

/** A mail that was accepted has come back, or its recipient complained of it. Said once for each mail and kind. */
export class EmailBounced extends ContactMessage {
  static readonly type = 'EmailBounced';
  static readonly version = 1;
  static readonly topic = 'notification.events';
  declare protected readonly brand: 'EmailBounced';

  @IsId() emailId: string;
  @IsIn(EMAIL_PURPOSES) purpose: EmailPurpose;
  @IsOptional() @IsId() expungeId?: string;
  @IsIn(BOUNCE_KINDS) kind: BounceKind;
  /** For example dsn-5-1-1 (RFC 3463), complaint, provider. */
  @Matches(NAME) code: string;
  @IsISO8601() at: string;
}
