import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { Contact } from '../contacts/contact.js';
import type { Judged } from '../expunge/judge.js';
import { RemoveContact } from '../expunge/remove-contact.js';
import { WaitingExpunge } from '../expunge/waiting-expunge.js';
import type { FormView } from './form-view.js';
import { LookAtForm } from './look-at-form.js';
import { underLock } from './under-lock.js';

/** "Remove me now" on the form: what Delete Account does. Again it shows how far that is. */
@Injectable()
export class RemoveByForm {
  constructor(
    private readonly db: DataSource,
    private readonly lookAtForm: LookAtForm,
    private readonly removeContact: RemoveContact,
  ) {}

  async execute(token: string): Promise<FormView> {
    return (await underLock(this.db, token, (tx, judged) => this.remove(tx, token, judged))) ?? { page: 'unknown' };
  }

  private async remove(tx: EntityManager, token: string, judged: Judged): Promise<FormView | undefined> {
    const looked = await this.lookAtForm.execute(tx, token, judged);
    if (looked?.state !== 'open' && looked?.state !== 'disabled') return looked?.view;
    await this.removeContact.execute(tx, judged, { requestedBy: 'address-holder', actor: 'link-holder' });
    return (await this.lookAtForm.execute(tx, token, await after(tx, judged)))?.view;
  }
}

/** What has become of the contact, in the same transaction. */
async function after(tx: EntityManager, { tenant, contact: { id } }: Judged) {
  const contact = await tx.findOneByOrFail(Contact, { id, tenantId: tenant.id });
  const waiting = (await tx.findOneBy(WaitingExpunge, { contactId: id, tenantId: tenant.id })) ?? undefined;
  const decision =
    contact.state === 'expunging' ? 'already-expunging' : waiting ? 'already-waiting' : 'already-disabled';
  return { tenant, contact, waiting, decision } as const;
}
