import type { EntityManager } from 'typeorm';

/** What a contact decided, or what was decided about it, so that nobody asks again. Codes of ours, never input. */
export type DecidedFact = 'opted_in_at' | 'declined_at' | 'disabled_at';

/** Notes the first time of it; contacts that are not known, or not any more, are passed over. */
export async function noteDecision(
  tx: EntityManager,
  fact: DecidedFact,
  contacts: readonly { readonly contactId: string; readonly at: string }[],
): Promise<void> {
  await tx.query(
    `UPDATE contact_fact f SET ${fact} = n.at FROM unnest($1::uuid[], $2::timestamptz[]) AS n (contact_id, at)
     WHERE f.contact_id = n.contact_id AND f.${fact} IS NULL`,
    [contacts.map(({ contactId }) => contactId), contacts.map(({ at }) => at)],
  );
}
