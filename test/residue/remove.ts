import { waitUntil } from '#local';
import { type Company, deleteAccount, type TestSystem } from '../support/test-system.js';
import { contactsOf, type Planted, submit } from './plant.js';

interface Page {
  readonly items: { readonly id: string; readonly state: string }[];
}

/** Removes everybody, each in the way that is theirs; returns when all is over and nobody is left at either company. */
export async function removeAll(system: TestSystem, planted: Planted): Promise<void> {
  const { company, undone } = planted;
  for (const account of planted.signedUp) await deleteAccount(system, account);
  for (const id of planted.added)
    await system.api.call(company.recruiter, 'POST', `${contactsOf(system)}/${id}/expunge`);
  for (const { email } of planted.askedByAddress) await removeByAddress(system, company, email);
  const undo = `${system.urls['contact-service']}/v1/imports/${undone.importId}/undo`;
  await system.api.call(undone.company.recruiter, 'POST', undo);
  await removeWhoStays(system, planted);
  await untilNobodyIsLeft(system, company, [...UNDER_WAY, 'expunged']);
  // Who was never written to gets no confirmation: these removals end without one.
  await untilNobodyIsLeft(system, undone.company, UNDER_WAY);
}

/** Asks without an account, opens the mail and presses the button. */
async function removeByAddress(system: TestSystem, { tenantId }: Company, email: string): Promise<void> {
  const url = `${system.urls['contact-service']}/v1/tenants/${tenantId}/removal-requests`;
  const asked = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email }),
  });
  if (!asked.ok) throw new Error(`asking for a link was answered ${asked.status}`);
  const mail = await system.mail!.waitForMail(email, 30_000);
  await submit(/https?:\/\/[^\s"<>]+\/r\/[\w-]+/.exec(mail.text ?? '')![0], {});
}

/** Who has agreed, and whose mail came back, stays until a recruiter removes them. */
async function removeWhoStays(system: TestSystem, { company, imported }: Planted): Promise<void> {
  const search = `${contactsOf(system)}/search`;
  for (const { person, does } of imported) {
    if (does !== 'agrees' && does !== 'bounces') continue;
    const { body } = await system.api.call<Page>(company.recruiter, 'POST', search, { email: person.email });
    for (const { id } of body.items)
      await system.api.call(company.recruiter, 'POST', `${contactsOf(system)}/${id}/expunge`);
  }
}

const UNDER_WAY = ['waiting', 'erasing'];

/** Nobody is found, and no removal is in any of these states. */
async function untilNobodyIsLeft(
  system: TestSystem,
  { recruiter, officer }: Company,
  states: readonly string[],
): Promise<void> {
  const over = async (): Promise<true | undefined> => {
    const { body: found } = await system.api.call<Page>(recruiter, 'POST', `${contactsOf(system)}/search`, {
      limit: 1,
    });
    if (found.items.length > 0) return undefined;
    for (const state of states) {
      const url = `${system.urls['privacy-service']}/v1/expunge-requests?limit=1&state=${state}`;
      if ((await system.api.call<Page>(officer, 'GET', url)).body.items.length > 0) return undefined;
    }
    return true;
  };
  await waitUntil(over, { what: 'everybody is removed', timeoutMs: 120_000, see: system.logDir });
}
