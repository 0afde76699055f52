import { ARABIC } from './form-texts-ar.js';
import { GERMAN } from './form-texts-de.js';
import { ENGLISH } from './form-texts-en.js';
import type { FormTexts, Language } from './form-words.js';

export const TEXTS: Record<Language, FormTexts> = { en: ENGLISH, de: GERMAN, ar: ARABIC };
