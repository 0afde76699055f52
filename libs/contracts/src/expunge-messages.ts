import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  Matches,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { IsId } from './id.js';
import { ContactMessage } from './message.js';

export const EXPUNGE_REASONS = [
  'account-deleted',
  'requested-by-recruiter',
  'requested-by-address',
  'no-opt-in',
  'import-undone',
] as const;
export type ExpungeReason = (typeof EXPUNGE_REASONS)[number];

export const REQUESTERS = ['candidate', 'recruiter', 'address-holder', 'workflow'] as const;
export type Requester = (typeof REQUESTERS)[number];

/** Machine name of a participant, a store or a reason: lower case words with dashes or underscores. */
const NAME = /^[a-z][a-z0-9_-]{0,62}$/;
/** SHA-256 as base64url without padding. */
const SHA256 = /^[A-Za-z0-9_-]{43}$/;
/** JWE compact serialisation (RFC 7516); with direct encryption its second part is empty. */
const JWE = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+){3}$/;

/** Somebody asked, rightly, that a contact be removed everywhere. From here on nothing but the process stops it. */
export class ExpungeRequested extends ContactMessage {
  static readonly type = 'ExpungeRequested';
  static readonly version = 1;
  static readonly topic = 'expunge.requests';
  declare protected readonly brand: 'ExpungeRequested';

  @IsId() expungeId: string;
  @IsIn(EXPUNGE_REASONS) reason: ExpungeReason;
  @IsIn(REQUESTERS) requestedBy: Requester;
  @IsISO8601() requestedAt: string;
  /** SHA-256 of the token in the person's status address. */
  @Matches(SHA256) statusTokenHash: string;
  /** SHA-256(salt || normalised address): lets the person, and nobody else, show whom the certificate is about. */
  @IsOptional() @Matches(SHA256) subjectCommitment?: string;
  /** Where the confirmation goes, readable by notification-service only. Absent when the contact has no address. */
  @IsOptional() @Matches(JWE) @MaxLength(8_192) sealedRecipient?: string;
}

/** Why a removal has not begun: a legal hold on the contact, or the client's kill switch. */
export const WAITING_FOR = ['hold', 'kill-switch'] as const;
export type WaitingFor = (typeof WAITING_FOR)[number];

/**
 * A removal was rightly asked for and accepted, but may not begin yet; the contact is disabled. Said once for each time it
 * was looked at and skipped. ExpungeRequested with the same expungeId and its original time follows when it begins.
 */
export class ExpungeWaiting extends ContactMessage {
  static readonly type = 'ExpungeWaiting';
  static readonly version = 1;
  static readonly topic = 'expunge.requests';
  declare protected readonly brand: 'ExpungeWaiting';

  @IsId() expungeId: string;
  @IsIn(EXPUNGE_REASONS) reason: ExpungeReason;
  @IsIn(REQUESTERS) requestedBy: Requester;
  @IsISO8601() requestedAt: string;
  /** SHA-256 of the token in the person's status address. */
  @Matches(SHA256) statusTokenHash: string;
  @IsArray() @ArrayNotEmpty() @ArrayMaxSize(2) @IsIn(WAITING_FOR, { each: true }) waitingFor: WaitingFor[];
  /** When it was looked at and skipped. */
  @IsISO8601() at: string;
  /** When it is looked at again without anybody's doing; absent when that takes an act. */
  @IsOptional() @IsISO8601() until?: string;
}

/** Delete what you hold of this contact and answer with evidence. Sent again, under a new message id, until answered. */
export class EraseContactData extends ContactMessage {
  static readonly type = 'EraseContactData';
  static readonly version = 1;
  static readonly topic = 'expunge.commands';
  declare protected readonly brand: 'EraseContactData';

  @IsId() expungeId: string;
  /** Who is asked: all participants at first, later those that have not answered or have refused. */
  @IsArray() @ArrayNotEmpty() @ArrayMaxSize(100) @Matches(NAME, { each: true }) participants: string[];
}

/** What one store held: rows deleted, and rows found by the count after the deletion (must be 0). */
export class StoreEvidence {
  @Matches(NAME) store: string;
  @IsInt() @Min(0) erased: number;
  @IsInt() @Min(0) remaining: number;
}

export const ERASE_OUTCOMES = ['erased', 'nothing_held'] as const;
export type EraseOutcome = (typeof ERASE_OUTCOMES)[number];

/** A participant's proof: every store it has, with counts. An answer that names no store proves nothing and is invalid. */
export class ContactDataErased extends ContactMessage {
  static readonly type = 'ContactDataErased';
  static readonly version = 1;
  static readonly topic = 'expunge.acks';
  declare protected readonly brand: 'ContactDataErased';

  @IsId() expungeId: string;
  @Matches(NAME) participant: string;
  @IsIn(ERASE_OUTCOMES) outcome: EraseOutcome;
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => StoreEvidence)
  stores: StoreEvidence[];
  @IsISO8601() at: string;
}

/** A participant must not delete. The request stays open and visible; it is asked again later. */
export class ContactErasureRefused extends ContactMessage {
  static readonly type = 'ContactErasureRefused';
  static readonly version = 1;
  static readonly topic = 'expunge.acks';
  declare protected readonly brand: 'ContactErasureRefused';

  @IsId() expungeId: string;
  @Matches(NAME) participant: string;
  @Matches(NAME) reason: string;
  @IsISO8601() at: string;
}

/** Public: the contact is gone from every participant. Delete your own copies of this contact id. */
export class ContactExpunged extends ContactMessage {
  static readonly type = 'ContactExpunged';
  static readonly version = 1;
  static readonly topic = 'contact.expunged';
  declare protected readonly brand: 'ContactExpunged';

  @IsId() expungeId: string;
  @IsIn(EXPUNGE_REASONS) reason: ExpungeReason;
  @IsISO8601() requestedAt: string;
  @IsISO8601() completedAt: string;
  @IsId() certificateId: string;
}

export { JWE, NAME };
