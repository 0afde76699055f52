import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Actor, anActiveWorkflow } from '#local';
import { aCompany, type Company, type TestSystem } from '../support/test-system.js';
import { Asker, type Reply } from './ask.js';
import type { Chance } from './chance.js';
import { type Databases, storedOf } from './databases.js';
import type { Deed, Role, RunFolder } from './run-folder.js';

/** Somebody who is imported, and what they will do when they are asked. */
export interface Row {
  readonly address: string;
  readonly role: Extract<Role, 'silent' | 'agrees' | 'agrees-late'>;
}

const CONTROLS = 8;

/** Everybody outside the system: people of several client companies, and their recruiters. */
export class People {
  readonly companies: Company[] = [];
  private off!: Company;
  private readonly imported = new Map<string, Row & { readonly tenantId: string; answered: boolean }>();
  /** What people are doing about mails that asked them. */
  private readonly answering = new Set<Promise<void>>();
  private readonly asker: Asker;

  constructor(
    private readonly system: TestSystem,
    private readonly folder: RunFolder,
    private readonly databases: Databases,
    private readonly graceSeconds: number,
    private readonly chance: Chance,
  ) {
    this.asker = new Asker(system.identity);
  }

  /** Companies with expunge and a workflow for imports, one without; and in each of them people nobody may touch. */
  async arrive(): Promise<void> {
    for (let n = 0; n < 3; n += 1) this.companies.push(await aCompany(this.system));
    this.off = await aCompany(this.system, 'off');
    for (const company of this.companies) {
      await anActiveWorkflow(this.system.api, company.admin, this.system.urls['workflow-service'], {
        name: 'Imported people',
        trigger: 'import',
        steps: [{ action: 'send-opt-in' }, { action: 'wait', seconds: this.graceSeconds }, { action: 'expunge' }],
      });
    }
    for (const company of [...this.companies, this.off]) {
      for (let n = 0; n < CONTROLS; n += 1) await this.addControl(company, `control-${n}@example.org`);
    }
  }

  /** Signs up and presses Delete Account; some press twice at the same moment. */
  async deletes(company: Company, chance: Chance): Promise<string> {
    const { candidate, ...person } = await this.signUp(company, 'deletes');
    const twice = chance.happens(0.25);
    await pause(chance.between(0, 2_000));
    const press = async (): Promise<void> => {
      const reply = await this.asker.insist({ url: this.url('/v1/account'), method: 'DELETE', as: candidate });
      this.noteRemoval(person, reply.status, reply.text);
    };
    await Promise.all(twice ? [press(), press()] : [press()]);
    return person.contactId;
  }

  /** Signs up, gets a note, and is removed by a recruiter, who may be writing another note at that moment. */
  async isRemoved(company: Company, chance: Chance): Promise<void> {
    const { candidate, ...person } = await this.signUp(company, 'removed');
    void candidate;
    const contact = this.url(`/v1/contacts/${person.contactId}`);
    const addNote = () => this.post(company, `${contact}/notes`, { body: 'Called back' });
    await addNote();
    await pause(chance.between(0, 1_000));
    const notes = chance.happens(0.5) ? [addNote(), addNote()] : [];
    const reply = await this.post(company, `${contact}/expunge`);
    this.noteRemoval(person, reply.status, reply.text);
    await Promise.all(notes);
  }

  /** Signs up and presses Delete Account where that only hides; some come back and leave again, several times in a row. */
  async isHidden(chance: Chance): Promise<void> {
    const { candidate, ...person } = await this.signUp(this.off, 'hidden');
    const hide = () => this.asker.insist({ url: this.url('/v1/account'), method: 'DELETE', as: candidate });
    for (let left = chance.happens(0.6) ? 8 : 0; left > 0; left -= 1) {
      await hide();
      await this.register(candidate, person.address);
    }
    const reply = await hide();
    this.note({ ...person, what: 'hidden-answered', answer: outcomeOf(reply.text) ?? String(reply.status) });
  }

  /** A recruiter uploads a file. Without an answer it is uploaded again. */
  async imports(company: Company, rows: readonly Row[]): Promise<void> {
    const { tenantId } = company;
    for (const row of rows) this.imported.set(row.address, { ...row, tenantId, answered: false });
    const body = `email;first name\n${rows.map(({ address }) => `${address};Kim\n`).join('')}`;
    const url = this.url('/v1/imports?source=fair&lawfulBasis=consent');
    const { status, text } = await this.asker.insist({
      url,
      method: 'POST',
      as: company.recruiter,
      body,
      type: 'text/csv',
    });
    if (status !== 202 && status !== 201) throw new Error(`the import was answered ${status}: ${text}`);
    for (const { address, role } of rows) this.note({ role, tenantId, address, what: 'imported' });
  }

  /** Called with each mail that somebody got: who wants to agree opens the link of the first one. */
  receive(address: string, raw: Buffer): void {
    const row = this.imported.get(address);
    if (!row || row.role === 'silent' || row.answered) return;
    const head = raw.toString('latin1').replaceAll(/\r\n[ \t]+/g, ' ');
    const link = /^List-Unsubscribe:\s*<([^>]+)>/im.exec(head)?.[1];
    if (link === undefined) return;
    row.answered = true;
    const graceMs = this.graceSeconds * 1_000;
    const waitMs =
      row.role === 'agrees' ? this.chance.between(0, graceMs / 3) : graceMs + this.chance.between(-700, 700);
    const answering = this.agree(row, link, waitMs).finally(() => this.answering.delete(answering));
    this.answering.add(answering);
  }

  async untilAllAnswered(): Promise<void> {
    while (this.answering.size > 0) await Promise.all(this.answering);
  }

  private async agree(row: Row & { readonly tenantId: string }, link: string, waitMs: number): Promise<void> {
    await pause(waitMs);
    const page = await this.asker.insist({ url: link });
    const text = /name="text" value="([\w-]+)"/.exec(page.text)?.[1] ?? '';
    const body = new URLSearchParams({ decision: 'opt-in', agree: 'yes', text });
    const { status } = await this.asker.insist({ url: link, method: 'POST', body });
    const { role, tenantId, address } = row;
    this.note({ role, tenantId, address, what: 'opt-in-answered', answer: String(status) });
  }

  private async addControl(company: Company, address: string): Promise<void> {
    const { contactId } = await this.signUp(company, 'control', address);
    await this.post(company, this.url(`/v1/contacts/${contactId}/notes`), { body: 'Stays' });
    const answer = await storedOf(this.databases, contactId);
    this.note({ role: 'control', tenantId: company.tenantId, address, contactId, what: 'seen', answer });
  }

  private async signUp(company: Company, role: Role, address = `${role}-${randomUUID()}@example.org`) {
    const candidate = company.candidate();
    const made = await this.register(candidate, address);
    // Made before, when the answer was lost.
    const account = { url: this.url('/v1/account'), as: candidate };
    const { text } = made.status === 201 ? made : await this.asker.insist(account);
    const { id: contactId } = JSON.parse(text) as { id?: string };
    if (contactId === undefined) throw new Error(`a sign-up was answered ${made.status}: ${made.text}`);
    const person = { role, tenantId: company.tenantId, address, contactId };
    this.note({ ...person, what: 'signed-up' });
    return { ...person, candidate };
  }

  private register(candidate: Actor, email: string): Promise<Reply> {
    const body = JSON.stringify({ email, givenName: 'Lena', familyName: 'Adeyemi', language: 'en' });
    const question = { url: this.url('/v1/account'), method: 'POST', as: candidate, type: 'application/json' };
    return this.asker.insist({ ...question, body });
  }

  private post(company: Company, url: string, body: object = {}) {
    const question = { url, method: 'POST', as: company.recruiter, type: 'application/json' };
    return this.asker.insist({ ...question, body: JSON.stringify(body) });
  }

  private noteRemoval(person: Omit<Deed, 'at' | 'what'>, status: number, text: string): void {
    const expungeId = expungeIdOf(text);
    // Erased before the answer came, or before it was asked for again.
    const answer = status === 404 || status === 410 ? 'gone' : (outcomeOf(text) ?? String(status));
    this.note({ ...person, what: 'removal-answered', answer, expungeId });
  }

  private note(deed: Omit<Deed, 'at'>): void {
    this.folder.note('deeds', { at: Date.now(), ...deed });
  }

  private url(path: string): string {
    return `${this.system.urls['contact-service']}${path}`;
  }
}

const outcomeOf = (text: string): string | undefined => (JSON.parse(text) as { outcome?: string }).outcome;
const expungeIdOf = (text: string): string | undefined => (JSON.parse(text) as { expungeId?: string }).expungeId;
