import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ContactExpunged, EraseContactData, SendEmail } from '#contracts';
import { waitUntil } from '#local';
import { aContactExpunged, anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import type { TestService, Waiting } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { aMail, answersTo, answerTo, RETRIES_LATE, startNotification, tryNow } from '../../test/make.js';

let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url, RETRIES_LATE);
});

beforeEach(() => {
  server.behaviour = {};
  server.mails.length = 0;
  server.seen.length = 0;
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

const acknowledged = async (contactId: string): Promise<Waiting[]> =>
  (await service.outbox()).filter(({ type, key }) => type === 'ContactDataErased' && key === contactId);

const stores = (erased: { mails: number; mail_records: number }) => [
  { store: 'dead_letters', erased: 0, remaining: 0 },
  { store: 'mails', erased: erased.mails, remaining: 0 },
  { store: 'mail_records', erased: erased.mail_records, remaining: 0 },
  { store: 'mail_bounces', erased: 0, remaining: 0 },
];

/** An erase command for the contact of a mail, under another request than the mail's unless it is given. */
const eraseFor = ({ tenantId, contactId }: { tenantId: string; contactId: string }, expungeId: string = randomUUID()) =>
  anEraseCommand({ tenantId, contactId, expungeId });

describe('erasing a contact', () => {
  it('When nothing is held, then that is answered, and repeated as it was', async () => {
    const command = anEraseCommand();
    await service.deliver(EraseContactData, command);
    await service.deliver(EraseContactData, command);
    const [first, second] = await acknowledged(command.contactId);
    expect(first?.data).toMatchObject({ outcome: 'nothing_held', stores: stores({ mails: 0, mail_records: 0 }) });
    expect(second?.data.stores).toEqual(first?.data.stores);
  });

  it('When mails wait and others were sent, then both are erased, counted and never sent', async () => {
    const sent = await aMail();
    await service.deliver(SendEmail, sent);
    await answerTo(service, sent.emailId);
    server.behaviour = { onRcpt: () => 451 };
    const waiting = await aMail({ tenantId: sent.tenantId, contactId: sent.contactId });
    await service.deliver(SendEmail, waiting);
    await answerTo(service, waiting.emailId, ({ data }) => data.permanent === false);
    server.behaviour = {};
    await service.deliver(EraseContactData, eraseFor(sent));

    const [answer] = await acknowledged(sent.contactId);
    expect(answer?.data).toMatchObject({ outcome: 'erased', stores: stores({ mails: 1, mail_records: 1 }) });
    expect(await heldOf(sent.contactId)).toEqual([{ mails: 0, records: 0 }]);
    expect(server.mails).toHaveLength(1);
  });

  it('When the waiting mail is the confirmation of the very request, then it is spared and sent', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.permanent === false);
    await service.deliver(EraseContactData, eraseFor(mail, mail.expungeId));
    server.behaviour = {};
    await tryNow(service, mail.emailId);

    expect((await acknowledged(mail.contactId))[0]?.data).toMatchObject({ outcome: 'nothing_held' });
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
    expect(server.mails).toHaveLength(1);
  });

  it('When another request erases again, then the confirmation of the first is spared and sent', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.permanent === false);
    await service.deliver(EraseContactData, eraseFor(mail, mail.expungeId));
    await service.deliver(EraseContactData, eraseFor(mail));
    server.behaviour = {};
    await tryNow(service, mail.emailId);

    expect(await acknowledged(mail.contactId)).toHaveLength(2);
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
    expect(server.mails).toHaveLength(1);
  });

  it('When a mail is just being handed over, then nothing is answered; asked again afterwards, it is', async () => {
    const gate = Promise.withResolvers<void>();
    server.behaviour = { onMail: () => gate.promise };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await waitUntil(() => server.seen[0], { what: 'the mail under way', timeoutMs: 20_000 });
    const command = eraseFor(mail);
    await service.deliver(EraseContactData, command);
    expect(await acknowledged(mail.contactId)).toEqual([]);

    gate.resolve();
    await answerTo(service, mail.emailId);
    await service.deliver(EraseContactData, command);
    const [answer] = await acknowledged(mail.contactId);
    expect(answer?.data).toMatchObject({ outcome: 'erased', stores: stores({ mails: 0, mail_records: 1 }) });
  });

  it('When the command is for others only, then nothing is erased', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await service.deliver(EraseContactData, { ...eraseFor(mail), participants: ['contact-service'] });
    expect(await heldOf(mail.contactId)).toEqual([{ mails: 1, records: 0 }]);
  });

  it('When the contact belongs to another tenant, then the erase is refused', async () => {
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId);
    await service.deliver(EraseContactData, anEraseCommand({ contactId: mail.contactId }));
    expect(await acknowledged(mail.contactId)).toEqual([]);
    expect(await heldOf(mail.contactId)).toEqual([{ mails: 0, records: 1 }]);
  });

  it('When hundreds are erased at once, then that takes no more statements than a few', async () => {
    const erase = (count: number) => () => {
      // A handler is given the messages of one tenant at a time.
      const tenantId = randomUUID();
      return service.deliver(
        EraseContactData,
        many(count, () => anEraseCommand({ tenantId })),
      );
    };
    // The sender looks for mail now and then; the smaller of two counts is the one without it.
    const least = async (count: number) =>
      Math.min(await countStatements(service.appDb, erase(count)), await countStatements(service.appDb, erase(count)));
    expect(await least(300)).toBe(await least(2));
  });
});

describe('remembering expunged contacts', () => {
  it('When a restored database still has mail of the contact, then it goes and cannot come back', async () => {
    server.behaviour = { onRcpt: () => 451 };
    const mail = await aMail();
    await service.deliver(SendEmail, mail);
    await answerTo(service, mail.emailId, ({ data }) => data.permanent === false);
    const { tenantId, contactId } = mail;
    await service.deliver(ContactExpunged, aContactExpunged({ tenantId, contactId }));
    server.behaviour = {};
    expect(await heldOf(contactId)).toEqual([{ mails: 0, records: 0 }]);

    await service.deliver(SendEmail, mail);
    expect((await answersTo(service, mail.emailId)).at(-1)?.data.code).toBe('contact-expunged');
    expect(server.mails).toHaveLength(0);
  });
});

const heldOf = (contactId: string): Promise<unknown[]> =>
  service.db.query(
    `SELECT (SELECT count(*)::int FROM mail WHERE contact_id = $1) AS mails,
            (SELECT count(*)::int FROM mail_outcome WHERE contact_id = $1) AS records`,
    [contactId],
  );
