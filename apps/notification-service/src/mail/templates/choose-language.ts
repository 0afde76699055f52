import { ar } from './words.ar.js';
import { de } from './words.de.js';
import { en } from './words.en.js';
import type { MailWords } from './mail-words.js';

/** Every language mails are written in; a new one is one file of words and one line here. */
const LANGUAGES: ReadonlyMap<string, MailWords> = new Map([en, de, ar].map((words) => [words.language, words]));

/** The first language there are words for, by its primary subtag (de-AT reads de); English when there is none. */
export function chooseLanguage(preferred: readonly string[]): MailWords {
  for (const tag of preferred) {
    const words = LANGUAGES.get(tag.split(/[-_]/)[0]!.toLowerCase());
    if (words) return words;
  }
  return en;
}
