/** The real contact-service and workflow-service, the model beside them, and the comparison of the two at every step. */
import { randomUUID } from 'node:crypto';
import {
  ContactExpunged,
  type Data,
  EraseContactData,
  type ExpungeContact,
  type ExpungeRequested,
  type RequestOptIn,
  type SendEmail,
} from '#contracts';
import { openSeal, type SealBinding } from '#service';
import {
  aTenant,
  type ContactService,
  OPT_IN_LINK_URL,
  type TestTenant,
} from '../../apps/contact-service/test/start.js';
import type { WorkflowTestService } from '../../apps/workflow-service/test/workflow-test-service.js';
import { Bus, type Letter } from './bus.js';
import type { Reader } from './history.js';
import { hearMail } from './hear-mail.js';
import { type Company, type Mail, mayBeAsked, mayBeRemovedForSilence, type Person } from './silence-rule.js';

export interface Services {
  readonly contact: ContactService;
  readonly workflow: WorkflowTestService;
}

export interface Known {
  readonly id: string;
  readonly client: Client;
  readonly person: Person;
  erased: boolean;
}

export interface Client {
  readonly tenant: TestTenant;
  readonly company: Company;
  workflow?: { readonly id: string; revision: number };
}

/** What the services did is not what the model says. */
export class Wrong extends Error {
  override readonly name = 'Wrong';
}

export class World {
  readonly people: Known[] = [];
  readonly bus: Bus;
  /** What notification-service knows of each mail: the link in it, and what it has told of it. */
  readonly mails = new Map<
    string,
    { readonly link: string; readonly told: Set<string>; readonly data: Data<SendEmail> }
  >();
  /** What privacy-service was asked for. */
  readonly removals = new Map<string, { readonly request: Data<ExpungeRequested>; readonly done: Set<string> }>();
  /** Enrolments of which workflow-service was told that their mails come back. */
  readonly undeliverable = new Set<string>();
  private readonly byId = new Map<string, Known>();
  private readonly asked = new Map<string, { readonly request: Data<RequestOptIn>; readonly may: boolean }>();
  private passed = 0;

  private constructor(
    readonly services: Services,
    readonly clients: readonly Client[],
  ) {
    const readers = { 'contact-service': services.contact, 'workflow-service': services.workflow };
    this.bus = new Bus(readers, () => this.passed);
  }

  static async begin(services: Services): Promise<World> {
    const client = async (): Promise<Client> => {
      return { tenant: await aTenant(services.contact), company: { policyOn: true, killSwitch: false } };
    };
    const world = new World(services, await Promise.all([client(), client()]));
    await world.collect();
    return world;
  }

  /** The time in the history. */
  now(): number {
    return Date.now() + this.passed;
  }

  meet(id: string, client: Client): void {
    const person: Person = {
      here: true,
      consent: 'none',
      everAgreed: false,
      holds: new Map(),
      stopped: new Set(),
      mails: new Map(),
    };
    const known = { id, client, person, erased: false };
    this.people.push(known);
    this.byId.set(id, known);
  }

  /** All that is stored becomes older. */
  async pass(ms: number): Promise<void> {
    const { contact, workflow } = this.services;
    const values = [this.clients.map(({ tenant }) => tenant.tenantId), ms];
    const older = (columns: string) =>
      columns.replaceAll(/\w+/g, (column) => `${column} = ${column} - $2 * interval '1 ms'`);
    const shift = (table: string, columns: string) =>
      `UPDATE ${table} SET ${older(columns)} WHERE tenant_id = ANY($1::uuid[])`;
    await Promise.all([
      contact.db.query(
        shift('opt_in_ask', 'asked_at, accepted_at, rejected_at, bounced_at, complained_at, stopped_at'),
        values,
      ),
      contact.db.query(shift('hold', 'placed_at, until'), values),
      workflow.db.query(shift('timer', 'due_at'), values),
      workflow.db.query(shift('enrolment', 'asked_at, accepted_at, enrolled_at, changed_at'), values),
    ]);
    this.passed += ms;
  }

  /** Delivers letters of one partition; `answers` says which of what is said about it is posted. */
  async deliver(
    to: Reader,
    letters: readonly Letter[],
    answers: (letter: Letter) => boolean = () => true,
  ): Promise<void> {
    const news = to === 'contact-service' ? letters.filter((letter) => this.bus.isNews(to, letter)) : [];
    const mayGo = news.flatMap((letter) => this.hear(letter));
    const parked = await this.bus.deliver(to, letters);
    if (parked > 0)
      throw new Wrong(`${to} could not handle ${parked} of ${letters.map(({ type }) => type).join(', ')}`);
    await this.collect(mayGo, answers);
  }

  /** What the services have said since, which must be the removal of these contacts and of no others. */
  async collect(mayGo: readonly string[] = [], answers: (letter: Letter) => boolean = () => true): Promise<void> {
    const said = await this.bus.collect();
    const gone = said.filter(({ type }) => type === 'ExpungeRequested').map(({ key }) => key);
    for (const letter of said) {
      this.count(letter);
      if (answers(letter)) this.bus.post(letter);
      await this.overhear(letter);
    }
    const wrong = gone.filter((id) => !mayGo.includes(id));
    if (wrong.length > 0) throw new Wrong(`removed although rule 2 protects: ${this.describe(wrong)}`);
    if (new Set(gone).size < gone.length) throw new Wrong(`removed twice: ${this.describe(gone)}`);
    const left = mayGo.filter((id) => !gone.includes(id));
    const why = said.filter(({ type, key }) => type === 'ExpungeDeclined' && left.includes(key));
    const reasons = why.map(({ data }) => String(data.reason)).join();
    if (left.length > 0)
      throw new Wrong(`not removed (${reasons}) although rule 2 does not protect: ${this.describe(left)}`);
  }

  /** How often each answer was given to the end of a grace period. */
  readonly verdicts: Record<string, number> = {};

  private count({ type, data }: Letter): void {
    const verdict = type === 'ExpungeDeclined' ? String(data.reason) : 'removed';
    if (type !== 'ExpungeDeclined' && type !== 'ExpungeRequested') return;
    this.verdicts[verdict] = (this.verdicts[verdict] ?? 0) + 1;
  }

  describe(ids: readonly string[]): string {
    const seen = ids.map((id) => {
      const { person, client } = this.byId.get(id)!;
      const mails = [...person.mails].map(([emailId, mail]) => ({ emailId, ...mail }));
      return {
        number: this.people.findIndex((one) => one.id === id),
        ...person,
        ...client.company,
        holds: [...person.holds.values()],
        stopped: [...person.stopped],
        mails,
      };
    });
    return `${JSON.stringify(seen, undefined, 1)} at ${this.now()}`;
  }

  /** What contact-service is told, the model hears at the same moment. Returns who may be removed on the word of it. */
  hear({ type, key, data, writtenAt }: Letter): string[] {
    const known = this.byId.get(key);
    if (!known) return [];
    switch (type) {
      case 'RequestOptIn':
        this.noteRequest(known, data as unknown as Data<RequestOptIn>);
        return [];
      case 'ExpungeContact':
        if (!this.mayGo(known, data as unknown as Data<ExpungeContact>)) return [];
        known.person.here = false;
        return [key];
      case 'EraseContactData':
        known.erased = true;
        return [];
      default:
        hearMail(known.person, type, data, { at: Date.parse(String(data.at)) + writtenAt, now: this.now() });
        return [];
    }
  }

  /** Whether the rule lets the contact go now. */
  mayGo({ person, client }: Known, { enrolmentId, emailId, graceSeconds }: Data<ExpungeContact>): boolean {
    const command = { enrolmentId, emailId, grace: graceSeconds * 1_000 };
    return mayBeRemovedForSilence(person, client.company, command, this.now());
  }

  /** A later command of the same delivery may end what this one begins, so it is judged here. */
  private noteRequest({ person }: Known, request: Data<RequestOptIn>): void {
    this.asked.set(request.emailId, { request, may: mayBeAsked(person, request.enrolmentId) });
  }

  /** What notification-service and privacy-service take from what is said. */
  private async overhear({ type, key, data }: Letter): Promise<void> {
    if (type === 'ExpungeDeclined' && data.reason === 'bounced') this.undeliverable.add(String(data.enrolmentId));
    if (type === 'SendEmail') await this.noteMail(key, data as unknown as Data<SendEmail>);
    if (type === 'ExpungeRequested') {
      this.removals.set(key, { request: data as unknown as Data<ExpungeRequested>, done: new Set() });
    }
    if (type !== 'ContactDataErased') return;
    const { request, done } = this.removals.get(key)!;
    done.add(String(data.participant));
    const { tenantId, contactId, expungeId, reason, requestedAt } = request;
    const when = { requestedAt, completedAt: requestedAt };
    const about = { tenantId, contactId, expungeId, reason, ...when, certificateId: randomUUID() };
    if (done.size === 2) this.bus.post(this.bus.write(ContactExpunged, about));
  }

  private async noteMail(contactId: string, data: Data<SendEmail>): Promise<void> {
    const { emailId, sealed, graceSeconds = 0 } = data;
    const { person } = this.byId.get(contactId)!;
    const { request, may } = this.asked.get(emailId)!;
    const { enrolmentId, template, linkValidSeconds } = request;
    if (!may) throw new Wrong(`asked although nobody may ask: ${this.describe([contactId])}`);
    if (person.mails.has(emailId)) throw new Wrong(`asked twice with one mail: ${this.describe([contactId])}`);
    const { linkUrl } = await openSeal(this.services.contact.keyring, sealed, data as unknown as SealBinding);
    const promise = { grace: graceSeconds * 1_000, linkValid: linkValidSeconds * 1_000 };
    person.mails.set(emailId, { enrolmentId, template, askedAt: this.now(), ...promise } satisfies Mail);
    this.mails.set(emailId, { link: linkUrl!.slice(OPT_IN_LINK_URL.length), told: new Set(), data });
  }

  /** privacy-service carries out what it was asked for. */
  erase(): void {
    const participants = ['contact-service', 'workflow-service', 'notification-service'];
    for (const { request, done } of this.removals.values()) {
      if (done.size === 2) continue;
      const { tenantId, contactId, expungeId } = request;
      const command = { tenantId, contactId, expungeId, participants };
      this.bus.post(this.bus.write(EraseContactData, command));
    }
  }
}
