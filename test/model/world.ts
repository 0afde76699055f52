/** The real contact-service and workflow-service, the model beside them, and the comparison of the two at every step. */
import type { Data, ExpungeContact, RequestOptIn, SendEmail } from '#contracts';
import { openSeal, type SealBinding } from '#service';
import { aTenant, OPT_IN_LINK_URL } from '../../apps/contact-service/test/start.js';
import { Bus, type Letter } from './bus.js';
import type { Reader } from './history.js';
import { hearMail } from './hear-mail.js';
import { type Client, described, type Known, type Services, somebody, Wrong } from './known.js';
import { passTime } from './pass-time.js';
import { Removals } from './removals.js';
import { mayBeAsked, mayBeRemovedForSilence, mayPromise } from './silence-rule.js';

interface SentMail {
  readonly data: Data<SendEmail>;
  readonly link: string;
  /** What notification-service has told of it. */
  readonly told: Set<string>;
}

const all = (): boolean => true;

export class World {
  readonly people: Known[] = [];
  readonly bus: Bus;
  readonly mails = new Map<string, SentMail>();
  readonly removals: Removals;
  /** How often each answer was given to the end of a grace period. */
  readonly verdicts: Record<string, number> = {};
  /** Enrolments of which workflow-service was told that their mails come back. */
  readonly undeliverable = new Set<string>();
  private readonly byId = new Map<string, Known>();
  private readonly asked = new Map<
    string,
    { readonly request: Data<RequestOptIn>; readonly may: boolean; readonly grace: number }
  >();
  private passed = 0;

  private constructor(
    readonly services: Services,
    readonly clients: readonly Client[],
  ) {
    const readers = { 'contact-service': services.contact, 'workflow-service': services.workflow };
    this.bus = new Bus(
      readers,
      () => this.passed,
      (id) => this.byId.get(id)?.number ?? 0,
    );
    this.removals = new Removals(this.bus);
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
    const known = { id, number: this.people.length, client, person: somebody(), erased: false };
    this.people.push(known);
    this.byId.set(id, known);
  }

  async pass(ms: number): Promise<void> {
    const tenants = this.clients.map(({ tenant }) => tenant.tenantId);
    await passTime(this.services, tenants, ms);
    this.passed += ms;
  }

  /** Delivers letters of one partition; `answers` says which of what is said about it is posted. */
  async deliver(to: Reader, letters: readonly Letter[], answers: (letter: Letter) => boolean = all): Promise<void> {
    const news = to === 'contact-service' ? letters.filter((letter) => this.bus.isNews(to, letter)) : [];
    this.asked.clear();
    const mayGo = news.flatMap((letter) => this.hear(letter));
    const parked = await this.bus.deliver(to, letters);
    if (parked > 0) throw new Wrong(`${to} could not handle ${letters.map(({ type }) => type).join()}`);
    await this.collect(mayGo, answers);
  }

  /** What the services have said since, which must be the removal of these contacts and of no others. */
  async collect(mayGo: readonly string[] = [], answers: (letter: Letter) => boolean = all): Promise<void> {
    const said = await this.bus.collect();
    for (const letter of said) {
      if (answers(letter)) this.bus.post(letter);
      await this.overhear(letter);
    }
    const gone = said.filter(({ type }) => type === 'ExpungeRequested').map(({ key }) => key);
    const wrong = gone.filter((id) => !mayGo.includes(id));
    if (wrong.length > 0) throw new Wrong(`removed although rule 2 protects: ${this.describe(wrong)}`);
    if (new Set(gone).size < gone.length) throw new Wrong(`removed twice: ${this.describe(gone)}`);
    const left = mayGo.filter((id) => !gone.includes(id));
    if (left.length === 0) return;
    const why = said.filter(({ type, key }) => type === 'ExpungeDeclined' && left.includes(key));
    const reasons = why.map(({ data }) => String(data.reason)).join();
    throw new Wrong(`not removed (${reasons}) although rule 2 does not protect: ${this.describe(left)}`);
  }

  describe(ids: readonly string[]): string {
    return described(
      ids.map((id) => this.byId.get(id)!),
      this.now(),
    );
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
  private noteRequest({ person, client }: Known, request: Data<RequestOptIn>): void {
    // Ordered twice with something between: the first order may have been carried out.
    if (this.asked.get(request.emailId)?.may) return;
    const grace = mayPromise(person, client.company, request) ? request.graceSeconds : 0;
    this.asked.set(request.emailId, { request, may: mayBeAsked(person), grace });
  }

  private async overhear(letter: Letter): Promise<void> {
    const { type, key, data } = letter;
    this.removals.hear(letter);
    if (type === 'SendEmail') await this.noteMail(key, data as unknown as Data<SendEmail>);
    if (type === 'ExpungeRequested') this.count('removed');
    if (type !== 'ExpungeDeclined') return;
    this.count(String(data.reason));
    if (data.reason === 'bounced') this.undeliverable.add(String(data.enrolmentId));
  }

  private count(verdict: string): void {
    this.verdicts[verdict] = (this.verdicts[verdict] ?? 0) + 1;
  }

  private async noteMail(contactId: string, data: Data<SendEmail>): Promise<void> {
    const { emailId, sealed, graceSeconds = 0 } = data;
    const { person } = this.byId.get(contactId)!;
    const { request, may, grace } = this.asked.get(emailId)!;
    const { enrolmentId, template, linkValidSeconds } = request;
    // The same order once more, with the same link: notification-service knows it.
    if (this.mails.get(emailId)?.data.sealed === sealed) return;
    if (!may) throw new Wrong(`asked although nobody may ask: ${this.describe([contactId])}`);
    if (graceSeconds !== grace)
      throw new Wrong(`promised ${graceSeconds} instead of ${grace} seconds: ${this.describe([contactId])}`);
    if (person.mails.has(emailId)) throw new Wrong(`asked twice with one mail: ${this.describe([contactId])}`);
    const { linkUrl } = await openSeal(this.services.contact.keyring, sealed, data as unknown as SealBinding);
    const promise = { grace: graceSeconds * 1_000, linkValid: linkValidSeconds * 1_000 };
    person.mails.set(emailId, { enrolmentId, template, askedAt: this.now(), ...promise });
    this.mails.set(emailId, { link: linkUrl!.slice(OPT_IN_LINK_URL.length), told: new Set(), data });
  }
}
