import type { FormView, RemovalAct } from './form-view.js';

export const LANGUAGES = ['en', 'de', 'ar'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What a person can say by a form whose words are kept as proof. */
export type ConsentKind = 'opt-in' | 'decline' | 'withdraw';

/** The words around a button: what pressing it means, and what stands on it. */
export interface Choice {
  readonly heading: string;
  readonly means: readonly string[];
  /** Of the box that must be ticked before the button counts. */
  readonly box?: string;
  readonly button: string;
}

/** `{company}` and `{date}` are put in when the page is made. */
export interface FormTexts {
  readonly title: Record<Exclude<FormView['page'], 'open'> | 'none' | 'opted-in' | 'declined' | 'withdrawn', string>;
  readonly summary: Record<keyof FormTexts['title'], string>;
  /** The words that are kept as proof: a change of one of them in any language needs another TEXT_VERSION. */
  readonly consent: Record<ConsentKind, Choice>;
  readonly removal: Record<RemovalAct, Choice & { readonly title: string; readonly link: string }>;
  /** `still`: beside the button that declines. */
  readonly ends: Record<'date' | 'mail' | 'over' | 'never' | 'still', string>;
  /** Whoever has agreed once has a link that does not expire. */
  readonly expiredConsent: Record<'none' | 'declined', string>;
  readonly tooLate: string;
  readonly error: Record<'heading' | 'not-ticked' | 'not-confirmed' | 'unclear' | 'text-changed' | 'prefix', string>;
  readonly company: string;
  readonly contact: string;
  readonly heldSince: string;
  readonly answered: string;
  readonly status: string;
  readonly back: string;
  readonly languages: string;
  /** The name of the language in itself. */
  readonly name: string;
}
