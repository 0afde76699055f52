import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsFQDN,
  IsInt,
  Matches,
  IsOptional,
  IsString,
  MaxLength,
  Min,
} from 'class-validator';
import { Message } from './message.js';

/** A language (BCP 47): primary subtag in lower case, then what narrows it. */
export const LANGUAGE_TAG = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;
export const MAX_LANGUAGES = 20;

/** Facts about a client company that other services need; nothing personal. The newest one per tenant is kept. */
export class TenantChanged extends Message {
  static readonly type = 'TenantChanged';
  static readonly version = 1;
  static readonly topic = 'tenant.events';
  declare protected readonly brand: 'TenantChanged';

  /** Grows with every change; a reader ignores what is older than what it has. */
  @IsInt() @Min(1) revision: number;
  @IsString() @MaxLength(200) name: string;
  @IsOptional() @IsFQDN() mailDomain?: string;
  /** BCP 47 tags, preferred first. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(MAX_LANGUAGES)
  @Matches(LANGUAGE_TAG, { each: true })
  languages: string[];
  /** Where the company answers questions about data protection: an address of the company, not of a person. */
  @IsString() @MaxLength(320) privacyContact: string;
}
