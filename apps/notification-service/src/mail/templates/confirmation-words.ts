import type { ExpungeReason, Requester } from '#contracts';

/** All words of the confirmation in one language. None of them speaks of what was erased, only of how much. */
export interface ConfirmationWords {
  /** Primary language subtag (BCP 47). */
  readonly language: string;
  /** Which way its script runs: of the HTML part. */
  readonly direction: 'ltr' | 'rtl';
  readonly subject: (company: string) => string;
  readonly heading: string;
  readonly opening: (company: string) => string;
  readonly requestHeading: string;
  readonly requestNumber: string;
  readonly channel: string;
  readonly reasons: Record<ExpungeReason, string>;
  readonly requesters: Record<Requester, string>;
  readonly received: string;
  readonly completed: string;
  readonly controller: string;
  readonly contactForPrivacy: string;
  readonly processor: string;
  readonly processorName: string;
  readonly erasedHeading: string;
  readonly systems: Readonly<Record<string, string>>;
  /** What the stores in the evidence are called for the person; others appear under their own names. */
  readonly stores: Readonly<Record<string, string>>;
  readonly erased: (count: number) => string;
  readonly nothingHeld: string;
  readonly keptHeading: string;
  readonly backupsHeading: string;
  readonly verifyHeading: string;
  readonly verify: (file: string) => string;
  readonly commandAddress: string;
  readonly salt: string;
  readonly commitment: string;
  readonly saltMeaning: string;
  readonly statusHeading: string;
  readonly status: string;
  readonly complaintHeading: string;
  readonly complaint: string;
  readonly closing: string;
}
