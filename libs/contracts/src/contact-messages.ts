import { IsIn, IsISO31661Alpha2, IsISO8601, IsOptional } from 'class-validator';
import { IsId } from './id.js';
import { ContactMessage } from './message.js';

export const CONTACT_SOURCES = ['career-site', 'manual', 'import'] as const;
export type ContactSource = (typeof CONTACT_SOURCES)[number];

/** A contact exists from now on: signed up, added by a recruiter, or imported. */
export class ContactAdded extends ContactMessage {
  static readonly type = 'ContactAdded';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'ContactAdded';

  @IsIn(CONTACT_SOURCES) source: ContactSource;
  @IsOptional() @IsId() importId?: string;
  @IsOptional() @IsISO31661Alpha2() country?: string;
  @IsISO8601() at: string;
}

/** A contact was soft-deleted: hidden and unused, its data kept. */
export class ContactDisabled extends ContactMessage {
  static readonly type = 'ContactDisabled';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'ContactDisabled';

  @IsISO8601() at: string;
}

/** A soft-deleted contact signed up again and is visible once more. */
export class ContactEnabled extends ContactMessage {
  static readonly type = 'ContactEnabled';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'ContactEnabled';

  @IsISO8601() at: string;
}

/** The person agreed to be in the client's system. Nobody is expunged for silence any more. */
export class ContactOptedIn extends ContactMessage {
  static readonly type = 'ContactOptedIn';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'ContactOptedIn';

  @IsISO8601() at: string;
}

/** The person does not want to be asked again: no further mail. Who has not opted in by the end of the grace period goes. */
export class ContactDeclined extends ContactMessage {
  static readonly type = 'ContactDeclined';
  static readonly version = 1;
  static readonly topic = 'contact.events';
  declare protected readonly brand: 'ContactDeclined';

  @IsISO8601() at: string;
}
