import { type Language, LANGUAGES } from './form-words.js';

/** What the request says about languages. */
export interface Asked {
  /** A link of ours was followed (?lang=ar). */
  readonly chosen: unknown;
  /** The Accept-Language header, best first. */
  readonly accepted: readonly string[];
}

interface Known {
  readonly contactLanguage: string | null;
  readonly tenantLanguages: readonly string[];
}

/** The language somebody chose, the contact's, the browser's, the client company's, English: the first that there is. */
export function chooseLanguage({ chosen, accepted }: Asked, known?: Known): Language {
  const wanted = [String(chosen), known?.contactLanguage ?? '', ...accepted, ...(known?.tenantLanguages ?? [])];
  const found = wanted.map((tag) => LANGUAGES.find((language) => language === primary(tag)));
  return found.find((language) => language !== undefined) ?? 'en';
}

/** `ar` of `ar-EG` (BCP 47). */
const primary = (tag: string): string | undefined => tag.toLowerCase().split(/[-_]/)[0];
