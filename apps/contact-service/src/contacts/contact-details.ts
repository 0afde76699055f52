import { Transform } from 'class-transformer';
import { IsISO31661Alpha2, IsLocale, IsOptional, MaxLength } from 'class-validator';
import { EmailAddress, Example, Phone, PlainText, Rejection } from '#service';
import { addressKey } from './address-key.js';
import type { Contact } from './contact.js';
import { countryCode } from './country-code.js';

const InCapitals = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? countryCode(value) : value));

class PersonDetails {
  @IsOptional() @PlainText(200) givenName?: string | null;
  @IsOptional() @PlainText(200) familyName?: string | null;
  @IsOptional() @Phone() phone?: string | null;
  @IsOptional() @MaxLength(35) @IsLocale() language?: string | null;
  @IsOptional() @InCapitals() @IsISO31661Alpha2() country?: string | null;
}

/** What can be said about a person. In a change, `null` takes the value away and what is left out stays. */
@Example({ givenName: 'Rosa', familyName: 'Luna', email: 'rosa.luna@example.org', language: 'es', country: 'ES' })
export class ContactDetails extends PersonDetails {
  @IsOptional() @EmailAddress() email?: string | null;
}

/** What a person gives on the career site; an address, because the confirmation of a removal goes there. */
@Example({ email: 'rosa.luna@example.org', givenName: 'Rosa' })
export class SignUpDetails extends PersonDetails {
  @EmailAddress() email: string;
}

/** The columns these details are stored in, with the forms they are searched by. Values left out stay undefined. */
export function columnsOf({ email, givenName, familyName, ...rest }: ContactDetails): Partial<Contact> {
  return {
    email,
    emailNormalised: email && addressKey(email),
    givenName,
    givenKey: givenName && nameKey(givenName),
    familyName,
    familyKey: familyName && nameKey(familyName),
    phone: rest.phone,
    language: rest.language,
    country: rest.country,
  };
}

/** Somebody must be recognisable: an address, a name or a phone number. */
export function requireSomeone({ email, givenName, familyName, phone }: ContactDetails): void {
  if (email || givenName || familyName || phone) return;
  throw new Rejection('nobody', 'A contact needs an address, a name or a telephone number.', 422);
}

/**
 * The form in which names are compared: compatibility forms and case folded away, Latin, Greek and Cyrillic letters
 * without their accents, so that `jose` finds José. Both sides are folded, so it never hides anybody.
 */
export const nameKey = (name: string): string =>
  name
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC');
