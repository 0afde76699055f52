/** Contacts of one client company that a timer has found. */
export interface ContactsOfTenant {
  readonly tenantId: string;
  readonly contactIds: readonly string[];
}

/** Of what was found, the contacts of the company that comes first. */
export function ofFirstTenant(rows: readonly { tenantId: string; contactId: string }[]): ContactsOfTenant | undefined {
  const [first] = rows;
  if (!first) return undefined;
  const ofFirst = rows.filter(({ tenantId }) => tenantId === first.tenantId);
  return { tenantId: first.tenantId, contactIds: ofFirst.map(({ contactId }) => contactId) };
}
