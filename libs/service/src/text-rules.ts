import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { isEmail, IsISO8601, Matches, ValidateBy } from 'class-validator';

const CONTROL = /\p{Cc}/u;
/** C0, C1 and DEL without newline and tab. */
const CONTROL_IN_LINES = /[^\P{Cc}\n\t]/u;
const LINE_BREAK = /[\u2028\u2029]/;
/** Embeddings, overrides and isolates make text read differently from what it says. Plain marks (LRM, RLM) are fine. */
const BIDI = /[\u202A-\u202E\u2066-\u2069]/;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * One line of text from a person: trimmed, Unicode NFC, 1 to `max` characters (code points) of which one is visible;
 * no control characters, line breaks, lone surrogates or bidirectional overrides. Any language.
 */
export const PlainText = (max: number): PropertyDecorator =>
  text(
    'plainText',
    `must be one line of 1 to ${max} characters without control characters`,
    (value) => isPlainText(value, max),
    max,
  );

/** As {@link PlainText}, but newlines and tabs are allowed; CR LF becomes LF. */
export const MultilineText = (max: number): PropertyDecorator =>
  text(
    'multilineText',
    `must be text of 1 to ${max} characters without control characters`,
    (value) => isText(value, max) && !CONTROL_IN_LINES.test(value),
    max,
  );

/**
 * An email address that can be written to: trimmed, at most 254 characters, kept in the case it was typed. The part
 * before the @ is ASCII (RFC 5321): too many mail servers lack SMTPUTF8 (RFC 6531), and a person whose confirmation
 * can never be delivered is better told at once. The domain may be international. No quoted or commented forms.
 */
export const EmailAddress = (): PropertyDecorator =>
  text('emailAddress', 'must be an email address such as name@example.com', isEmailAddress);

const MOMENT =
  /^\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

/** A moment (RFC 3339) with its offset: without one it would be read in the time zone of the server. */
export const Moment = (): PropertyDecorator =>
  applyDecorators(
    IsISO8601({ strict: true }),
    Matches(MOMENT, { message: '$property must be a time with its zone, such as 2026-11-02T00:00:00Z' }),
  );

/** A telephone number as people write it: digits with + ( ) - . / and spaces, 5 to 15 digits (ITU-T E.164). */
export const Phone = (): PropertyDecorator => text('phone', 'must be a telephone number of 5 to 15 digits', isPhone);

/** `max` is kept beside the rule, for the OpenAPI document. */
function text(name: string, message: string, validate: (value: string) => boolean, max?: number): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? tidy(value) : value)),
    ValidateBy({
      name,
      constraints: [max],
      validator: {
        validate: (value: unknown) => typeof value === 'string' && validate(value),
        defaultMessage: () => message,
      },
    }),
  );
}

// The same rules for text that comes in another way than in the body of a request, tidied first.

export const tidy = (value: string): string => value.replaceAll('\r\n', '\n').trim().normalize('NFC');

function isText(value: string, max: number): boolean {
  // A code point is one or two UTF-16 units: very long input is refused before it is counted.
  if (value.length > max * 2 || Array.from(value).length > max) return false;
  return value.isWellFormed() && VISIBLE.test(value) && !BIDI.test(value);
}

export const isPlainText = (value: string, max: number): boolean =>
  isText(value, max) && !CONTROL.test(value) && !LINE_BREAK.test(value);

export function isPhone(value: string): boolean {
  const digits = value.replace(/\D/g, '').length;
  return /^\+?[\d ()./-]{5,40}$/.test(value) && digits >= 5 && digits <= 15;
}

export function isEmailAddress(value: string): boolean {
  if (value.length > 254 || CONTROL.test(value) || BIDI.test(value) || /["()\\\s]/.test(value)) return false;
  return value.isWellFormed() && isEmail(value, { allow_utf8_local_part: false });
}
