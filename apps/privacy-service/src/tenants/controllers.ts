import type { EntityManager } from 'typeorm';
import type { CertificateStatement } from '#contracts';

/** The company that is responsible for the data (GDPR: the controller). */
export type Controller = CertificateStatement['controller'];

const UNKNOWN_NAME = 'The company you gave your data to (its name was not known to this service when this was made)';
const UNKNOWN_CONTACT = 'Please ask the company you gave your data to; its contact was not known to this service.';

/** Names of the companies, with one statement. One that is not known is said to be so: a removal is never held up. */
export async function controllersOf(
  db: Pick<EntityManager, 'query'>,
  tenantIds: readonly string[],
): Promise<(tenantId: string) => Controller> {
  const rows: { tenant_id: string; name: string; privacy_contact: string }[] = await db.query(
    'SELECT tenant_id, name, privacy_contact FROM tenant WHERE tenant_id = ANY($1::uuid[])',
    [[...new Set(tenantIds)]],
  );
  const known = new Map(rows.map((row) => [row.tenant_id, row]));
  return (tenantId) => ({
    tenantId,
    name: known.get(tenantId)?.name ?? UNKNOWN_NAME,
    privacyContact: known.get(tenantId)?.privacy_contact ?? UNKNOWN_CONTACT,
  });
}
