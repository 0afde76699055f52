/** What people and client companies do over HTTP, and what the model makes of it. */
import { consentText } from '../../apps/contact-service/src/consent-form/consent-text.js';
import { aHold, inMs, liftHold } from '../../apps/contact-service/test/a-hold.js';
import { oneClick, postForm } from '../../apps/contact-service/test/opt-in-ask.js';
import { aPerson, tenantFacts } from '../../apps/contact-service/test/start.js';
import { type Answer, HOUR, type WhichMail } from './history.js';
import { type Mail, takesAnswer } from './silence-rule.js';
import { type Client, type Known, Wrong } from './known.js';
import type { World } from './world.js';

export const mailOf = ({ person: { mails } }: Known, which: WhichMail): [string, Mail] | undefined =>
  [...mails].at(which === 'first' ? 0 : -1);

interface Given {
  readonly answer: Answer;
  readonly mail: WhichMail;
}

/** What the page sends when its box is ticked, besides the words that stood beside it. */
const YES = { decision: 'opt-in', agree: 'yes', text: consentText('opt-in', 'en', tenantFacts.name).hash };

/** The person answers by the link of a mail. */
export async function answer(world: World, known: Known, given: Given): Promise<void> {
  const [emailId, mail] = mailOf(known, given.mail) ?? [];
  if (emailId === undefined || !mail) return;
  const { link } = world.mails.get(emailId)!;
  const { contact } = world.services;
  if (given.answer === 'one-click') await oneClick(contact, link);
  else await postForm(contact, link, given.answer === 'opt-in' ? YES : { decision: 'decline' });
  noteAnswer(known, mail, given.answer, world.now());
}

function noteAnswer({ person }: Known, mail: Mail, given: Answer, now: number): void {
  const unsubscribes = given === 'one-click' && person.here && !mail.toOldAddress;
  if (!unsubscribes && !takesAnswer(person, mail, now)) return;
  person.consent = given === 'opt-in' ? 'opted-in' : 'declined';
  person.everAgreed ||= given === 'opt-in';
}

/** The privacy officer; refused when the removal has begun. */
export async function hold(world: World, { id, client, person }: Known, hours: number | null): Promise<void> {
  const more = hours === null ? {} : { until: inMs(hours * HOUR) };
  const until = hours === null ? Infinity : world.now() + hours * HOUR;
  const placed = await aHold(world.services.contact, client.tenant, id, more).catch(() => undefined);
  if (placed !== undefined) person.holds.set(placed, until);
  if ((placed !== undefined) !== person.here)
    throw new Wrong(`a hold was ${placed ? 'placed' : 'refused'}: ${world.describe([id])}`);
}

export async function lift(world: World, { id, client, person }: Known): Promise<void> {
  for (const holdId of person.holds.keys()) {
    await liftHold(world.services.contact, client.tenant, id, holdId);
    person.holds.delete(holdId);
  }
}

/** A recruiter takes the contact out of all workflows that have asked it. */
export async function stop({ services }: World, { id, client, person }: Known): Promise<void> {
  await services.contact.call(client.tenant.recruiter, 'POST', '/v1/consent-requests/stop', { contactIds: [id] });
  if (!person.here || person.consent === 'opted-in') return;
  person.neverAsk = true;
  for (const { enrolmentId } of person.mails.values()) person.stopped.add(enrolmentId);
}

export async function newAddress({ services }: World, { id, client, person }: Known): Promise<void> {
  const { email } = aPerson();
  await services.contact.call(client.tenant.recruiter, 'PATCH', `/v1/contacts/${id}`, { email });
  if (person.here) for (const mail of person.mails.values()) mail.toOldAddress = true;
}

export async function setPolicy({ tenant, company }: Client, on: boolean): Promise<void> {
  if (company.policyOn === on) return;
  await tenant.setPolicy(on ? 'permanent' : 'off');
  company.policyOn = on;
}

export async function setKillSwitch({ tenant, company }: Client, on: boolean): Promise<void> {
  await tenant.setKillSwitch(on);
  company.killSwitch = on;
}
