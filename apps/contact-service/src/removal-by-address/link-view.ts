/** What the page behind a link shows. Nothing in it says who the person is. */
export type LinkView =
  | { readonly page: 'unknown' | 'expired' | 'void' }
  | {
      readonly page: 'offer';
      /** What the button does: remove for good, or only disable. */
      readonly act: 'expunge' | 'disable';
      readonly company: string;
      readonly privacyContact: string;
      readonly heldSince: Date;
    }
  | { readonly page: 'expunging' | 'waiting'; readonly company: string; readonly statusUrl: string }
  | { readonly page: 'disabled'; readonly company: string };
