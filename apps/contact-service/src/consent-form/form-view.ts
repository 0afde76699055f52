/** What removing means: for good, or only out of use. */
export type RemovalAct = 'expunge' | 'disable';

/** `withdrawn`: declined after opting in. */
export type ConsentShown = 'none' | 'opted-in' | 'declined' | 'withdrawn';

/** When whoever has not opted in is removed: a day, the end of the time that the mail names, any moment now, or not at all. */
export type SilenceEnds = Date | 'named-in-mail' | 'over' | 'never';

interface Known {
  readonly company: string;
  readonly privacyContact: string;
  /** For choosing a language: the contact's own, and those of the client company. */
  readonly contactLanguage: string | null;
  readonly tenantLanguages: readonly string[];
  readonly consent: ConsentShown;
}

/** What the page behind the link of an opt-in mail shows. Nothing in it says who the person is. */
export type FormView =
  | { readonly page: 'unknown' | 'void' }
  | (Known & { readonly page: 'expired' })
  | (Known & { readonly page: 'disabled'; /** Its data can be removed for good. */ readonly mayRemove: boolean })
  | (Known & { readonly page: 'expunging' | 'waiting'; readonly statusUrl: string })
  | (Known & {
      readonly page: 'open';
      readonly consentAt: Date | null;
      readonly heldSince: Date;
      /** What removing means for this client company. */
      readonly act: RemovalAct;
      readonly ends: SilenceEnds;
    });
