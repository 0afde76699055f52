import type { ExpungeReason } from '#contracts';

/** `no-answer` is the weaker one: the person has not asked for anything, and is only not to be asked again for a while. */
export type SuppressionKind = 'removed' | 'no-answer';

/** What an expunge leaves in the ledger. Nothing where an import was taken back: nobody asked for that, nobody was asked. */
export function suppressionAfter(reason: ExpungeReason): SuppressionKind | undefined {
  switch (reason) {
    case 'account-deleted':
    case 'requested-by-recruiter':
    case 'requested-by-address':
      return 'removed';
    case 'no-opt-in':
      return 'no-answer';
    case 'import-undone':
      return undefined;
  }
}
