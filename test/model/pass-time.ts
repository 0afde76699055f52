import type { Services } from './known.js';

/** All that is stored of these client companies becomes older: the databases' clocks are the real ones. */
export async function passTime({ contact, workflow }: Services, tenants: string[], ms: number): Promise<void> {
  await Promise.all([
    contact.db.query(older('opt_in_ask', 'asked_at accepted_at rejected_at bounced_at complained_at'), [tenants, ms]),
    contact.db.query(older('hold', 'placed_at until'), [tenants, ms]),
    workflow.db.query(older('timer', 'due_at'), [tenants, ms]),
    workflow.db.query(older('enrolment', 'asked_at accepted_at'), [tenants, ms]),
  ]);
}

function older(table: string, columns: string): string {
  const changes = columns.split(' ').map((column) => `${column} = ${column} - $2 * interval '1 ms'`);
  return `UPDATE ${table} SET ${changes.join(', ')} WHERE tenant_id = ANY($1::uuid[])`;
}
