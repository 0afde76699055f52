import { isISO31661Alpha2, isLocale } from 'class-validator';
import { isEmailAddress, isPhone, isPlainText, tidy } from '#service';
import { countryCode } from '../contacts/country-code.js';
import type { Field, Mapping } from './csv/columns.js';
import { LAWFUL_BASES, type LawfulBasis } from './import.js';

/** A person as a row tells about them, by the rules of every other way in. */
export interface Person {
  readonly email: string;
  readonly givenName: string | null;
  readonly familyName: string | null;
  readonly phone: string | null;
  readonly language: string | null;
  readonly country: string | null;
  readonly source: string;
  readonly lawfulBasis: LawfulBasis;
}

export interface Defaults {
  readonly sourceDetail: string | null;
  readonly lawfulBasis: LawfulBasis | null;
}

const LONGEST_NAME = 200;
/** By the quote spreadsheets, and our own reports for each value that begins so, say that +46 is no formula. */
const FORCED_TEXT = /^'(?=[=+\-@\t\r＝＋－＠])/;

/** Why a row is refused, as a code: `no-address`, `bad-field:phone` ... */
class BadField extends Error {}

/** Why a row is refused, and the address it is about if that can be told. */
export interface Refused {
  readonly reason: string;
  readonly email?: string;
  /** The ledger refuses it. */
  readonly isSuppressed?: boolean;
  /** The last day on which it does, as a date. */
  readonly until?: string;
}

export interface ReadRow {
  /** As it stands in the file. */
  readonly record: readonly string[];
  readonly found: Person | Refused;
}

/** The person in a row, or why there is none. A row without an address is refused: who is in it could never be asked. */
export function personOf(record: readonly string[], mapping: Mapping, defaults: Defaults): Person | Refused {
  const value = (field: Field): string | null => valueOf(record, mapping[field]);
  const email = value('email');
  if (email === null) return { reason: 'no-address' };
  if (!isEmailAddress(email)) return { reason: 'bad-address' };
  try {
    return {
      email,
      givenName: text(value, 'given-name'),
      familyName: text(value, 'family-name'),
      phone: checked(value, 'phone', isPhone),
      language: checked(value, 'language', isLanguage),
      country: checked((field) => countryOf(value(field)), 'country', isISO31661Alpha2),
      source: text(value, 'source') ?? defaults.sourceDetail ?? refuse('no-source'),
      lawfulBasis: lawfulBasisOf(value('lawful-basis')) ?? defaults.lawfulBasis ?? refuse('no-lawful-basis'),
    };
  } catch (error) {
    if (error instanceof BadField) return { reason: error.message, email };
    throw error;
  }
}

type Values = (field: Field) => string | null;

/** Of several columns for one thing the first that says anything counts. */
function valueOf(record: readonly string[], columns: readonly number[]): string | null {
  for (const column of columns) {
    const value = record[column];
    if (value !== undefined && value.trim() !== '') return tidy(value.replace(FORCED_TEXT, ''));
  }
  return null;
}

function text(value: Values, field: Field): string | null {
  const said = value(field);
  if (said === null || isPlainText(said, LONGEST_NAME)) return said;
  return refuse(said.length > LONGEST_NAME ? `too-long:${field}` : `bad-field:${field}`);
}

function checked(value: Values, field: Field, isValid: (said: string) => boolean): string | null {
  const said = value(field);
  return said === null || isValid(said) ? said : refuse(`bad-field:${field}`);
}

const countryOf = (said: string | null): string | null => said && countryCode(said);

const isLanguage = (said: string): boolean => said.length <= 35 && isLocale(said);

function lawfulBasisOf(said: string | null): LawfulBasis | null {
  if (said === null) return null;
  const word = said.toLowerCase().replaceAll(/[\s_]+/g, '-');
  return LAWFUL_BASES.find((basis) => basis === word) ?? refuse('bad-field:lawful-basis');
}

function refuse(reason: string): never {
  throw new BadField(reason);
}
