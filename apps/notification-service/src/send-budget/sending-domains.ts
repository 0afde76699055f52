import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DkimKeys } from '../mail/dkim-keys.js';

/** The domain each client's mails are sent from: its own where there is a key for it, otherwise ours. */
@Injectable()
export class SendingDomains {
  constructor(private readonly keys: DkimKeys) {}

  async of(tx: EntityManager, tenantIds: readonly string[]): Promise<Map<string, string>> {
    const ids = [...new Set(tenantIds)].sort();
    const rows: { tenant_id: string; mail_domain: string | null }[] = await tx.query(
      'SELECT tenant_id, mail_domain FROM tenant WHERE tenant_id = ANY($1::uuid[])',
      [ids],
    );
    const named = new Map(rows.map((row) => [row.tenant_id, row.mail_domain ?? undefined]));
    const domains = new Map<string, string>();
    for (const id of ids) domains.set(id, (await this.keys.keyFor(named.get(id))).domain);
    return domains;
  }
}
