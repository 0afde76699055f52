import { randomInt } from 'node:crypto';
import { Readable } from 'node:stream';
import { anActiveWorkflow, waitUntil } from '#local';
import { reportUndeliverable } from '../../apps/local/src/demo/consent/recipients.js';
import { aCompany, type Company, type SignedUp, signUp, type TestSystem } from '../support/test-system.js';

const GRACE_SECONDS = 2;
/** Digits that no time, id or count has by chance. */
const PHONE_DIGITS = 10;

/** What is planted of a person: the token stands in every part of every field. */
export interface Person {
  readonly email: string;
  readonly givenName: string;
  readonly familyName: string;
  readonly phone: string;
}

/** Contacts of two companies, by how they came in, and whatever finds them again. */
export interface Planted {
  readonly company: Company;
  readonly signedUp: readonly SignedUp[];
  readonly added: readonly string[];
  readonly askedByAddress: readonly Person[];
  /** Asked to opt in, and what each does with the mail. */
  readonly imported: readonly { readonly person: Person; readonly does: 'silent' | 'agrees' | 'removes' | 'bounces' }[];
  readonly undone: { readonly company: Company; readonly importId: string; readonly contacts: number };
}

/** Makes people whose every field has the token in it. */
export class People {
  readonly phones: string[] = [];
  private made = 0;

  constructor(private readonly token: string) {}

  next(): Person {
    this.made += 1;
    const digits = String(randomInt(10 ** (PHONE_DIGITS - 1), 10 ** PHONE_DIGITS));
    this.phones.push(digits);
    return {
      email: `${capitalised(this.token)}.${this.made}@${this.token}.example`,
      givenName: `${this.token.toUpperCase()} é`,
      familyName: `O'${this.token}-${this.token}`,
      phone: `+49${digits}`,
    };
  }

  several(count: number): Person[] {
    return Array.from({ length: count }, () => this.next());
  }
}

/** Brings people in every way there is, changes them, writes about them, and makes mistakes with their data. */
export async function plant(system: TestSystem, people: People, each: number): Promise<Planted> {
  const company = await aCompany(system);
  const signedUp = await Promise.all(people.several(each).map((person) => signUp(system, company, { ...person })));
  const added = await Promise.all(people.several(each).map((person) => add(system, company, person)));
  const askedByAddress = people.several(each);
  for (const person of askedByAddress) await signUp(system, company, { ...person });
  for (const { id } of signedUp) await workOn(system, company, id, people.next());
  for (const id of added) await workOn(system, company, id, people.next());
  await makeMistakes(system, company, people.next());
  const imported = await importAndAsk(system, company, people, each);
  return { company, signedUp, added, askedByAddress, imported, undone: await importToUndo(system, people, each) };
}

async function add(system: TestSystem, { recruiter }: Company, person: Person): Promise<string> {
  const { body } = await system.api.call<{ id: string }>(recruiter, 'POST', contactsOf(system), person);
  return body.id;
}

/** Every field is changed, so that the old values have to go as well; notes, a hold, a search. */
async function workOn(system: TestSystem, { recruiter, officer }: Company, id: string, other: Person): Promise<void> {
  const contact = `${contactsOf(system)}/${id}`;
  await system.api.call(recruiter, 'POST', `${contact}/notes`, { body: `${other.familyName} called` });
  await system.api.call(recruiter, 'PATCH', contact, other);
  await system.api.call(recruiter, 'POST', `${contactsOf(system)}/search`, { email: other.email });
  await system.api.call(recruiter, 'POST', `${contactsOf(system)}/search`, { name: other.familyName });
  const held = { caseReference: '2026/1', reason: 'litigation' };
  const { body: hold } = await system.api.call<{ id: string }>(officer, 'POST', `${contact}/holds`, held);
  await system.api.call(officer, 'POST', `${contact}/holds/${hold.id}/lift`, { reason: `${other.familyName} agreed` });
}

/** What is refused must not be written down either: it is looked for in the logs. */
async function makeMistakes(system: TestSystem, { recruiter }: Company, person: Person): Promise<void> {
  const mistakes = [
    { ...person, email: `${person.email} ${person.email}` },
    { ...person, givenName: person.givenName.repeat(50) },
    { ...person, phone: `${person.phone}x` },
    { ...person, [person.familyName]: true },
  ];
  for (const mistake of mistakes) {
    const answer = system.api.call(recruiter, 'POST', contactsOf(system), mistake);
    const error = await answer.then(() => undefined).catch((problem: Error) => problem);
    if (!error) throw new Error('a mistake was accepted');
  }
}

async function importAndAsk(
  system: TestSystem,
  company: Company,
  people: People,
  each: number,
): Promise<Planted['imported']> {
  await anActiveWorkflow(system.api, company.admin, system.urls['workflow-service'], {
    name: 'Ask imported people',
    trigger: 'import',
    steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: GRACE_SECONDS }, { action: 'expunge' }],
  });
  const kinds = ['silent', 'agrees', 'removes', 'bounces'] as const;
  const imported = kinds.flatMap((does) => people.several(each).map((person) => ({ person, does })));
  const twice = imported[0]!.person;
  await importFile(system, company, [...imported.map(({ person }) => person), twice]);
  for (const { person, does } of imported) await answer(system, person, does);
  return imported;
}

async function importToUndo(system: TestSystem, people: People, each: number): Promise<Planted['undone']> {
  const company = await aCompany(system);
  return { company, importId: await importFile(system, company, people.several(each)), contacts: each };
}

/** Returns the id of the import when it is done. */
async function importFile(system: TestSystem, { recruiter }: Company, people: readonly Person[]): Promise<string> {
  const imports = `${system.urls['contact-service']}/v1/imports`;
  const rows = people.map(({ email, givenName, familyName, phone }) => `${email};${givenName};${familyName};${phone}`);
  const stream = Readable.from([`E-mail;First name;Last name;Phone\n${rows.join('\n')}\n`]);
  const url = `${imports}?source=trade-fair&lawfulBasis=legitimate-interests`;
  const { body } = await system.api.upload<{ id: string }>(recruiter, url, { type: 'text/csv', stream });
  await waitUntil(
    async () => {
      const { body: now } = await system.api.call<{ state: string }>(recruiter, 'GET', `${imports}/${body.id}`);
      return now.state === 'done' || undefined;
    },
    { what: 'the import is done', timeoutMs: 60_000, see: system.logDir },
  );
  return body.id;
}

async function answer(system: TestSystem, person: Person, does: Planted['imported'][number]['does']): Promise<void> {
  const mail = await system.mail!.waitForMail(person.email, 60_000);
  const link = /https?:\/\/[^\s"<>]+\/o\/[\w-]+/.exec(mail.text ?? '')![0];
  switch (does) {
    case 'silent':
      return;
    case 'agrees':
      return submit(link, { decision: 'opt-in', agree: 'yes', text: await wordsOf(link) });
    case 'removes':
      return submit(link, { decision: 'remove', confirm: 'yes' });
    case 'bounces': {
      const port = Number(system.env['notification-service'].BOUNCE_SMTP_PORT);
      return reportUndeliverable({ address: person.email, link, returnPath: mail.envelope.from.address }, port);
    }
  }
}

/** Opens the form; it says by a hash which words it shows, and sends that along. */
async function wordsOf(link: string): Promise<string> {
  const page = await (await fetch(link, { headers: { accept: 'text/html' } })).text();
  return /name="text" value="([\w-]+)"/.exec(page)?.[1] ?? '';
}

export async function submit(link: string, fields: Record<string, string>): Promise<void> {
  const answered = await fetch(link, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  const page = await answered.text();
  if (answered.status >= 400) throw new Error(`a form was answered ${answered.status}: ${page.slice(0, 200)}`);
}

export const contactsOf = (system: TestSystem): string => `${system.urls['contact-service']}/v1/contacts`;

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** What the test system needs to be told, so that grace periods are seconds and nobody waits for a budget. */
export const QUICK = {
  'contact-service': { SILENT_EXPUNGES_PER_DAY: '1000000' },
  'workflow-service': { SHORTEST_GRACE_SECONDS: '1' },
  'notification-service': { OPT_IN_MAILS_FIRST_DAY: '1000000', OPT_IN_MAILS_MAX_PER_DAY: '1000000' },
};
