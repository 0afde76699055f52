import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { EraseContactData, SendEmail } from '#contracts';
import { lockKnownSubjects } from '#erasure';
import { waitUntil } from '#local';
import { KeyringFile, Pumps, seal } from '#service';
import { anEraseCommand, many } from '../../../../test/support/make.js';
import { countStatements } from '../../../../test/support/statements.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { aKey, aKeyring, aMail, answersTo, answerTo, keyringPath, startNotification } from '../../test/make.js';
import { claimMails } from './claim-mails.js';
import { RecordOutcomes } from './record-outcomes.js';

let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url);
});

beforeEach(async () => {
  server.mails.length = 0;
  await service.db.query('DELETE FROM dead_letter');
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

const parked = async (): Promise<{ key: string; reason: string }[]> =>
  service.db.query('SELECT key, reason FROM dead_letter ORDER BY key');

describe('what belongs to another', () => {
  it('When the seals of two requests are swapped, then both are parked, nothing is sent, and others go out', async () => {
    const [one, two, good] = await Promise.all([aMail(), aMail(), aMail()]);
    const swapped = [{ ...one, sealed: two.sealed }, good, { ...two, sealed: one.sealed }];
    const result = await service.deliver(SendEmail, swapped);
    await answerTo(service, good.emailId);

    expect(result).toMatchObject({ handled: 1, parked: 2 });
    expect((await parked()).map(({ key }) => key)).toEqual([one.contactId, two.contactId].sort());
    expect(server.mails).toHaveLength(1);
  });

  it('When two requests of one contact have their seals swapped, then they are parked as well', async () => {
    const one = await aMail();
    const two = await aMail({ tenantId: one.tenantId, contactId: one.contactId });
    expect(await service.deliver(SendEmail, { ...one, sealed: two.sealed })).toMatchObject({ parked: 1 });
  });

  it('When the certificate is about another request, or missing, then the mail is parked', async () => {
    const [one, two] = await Promise.all([aMail(), aMail()]);
    const wrong = [
      { ...one, attachments: two.attachments },
      { ...two, attachments: [] },
    ];
    expect(await service.deliver(SendEmail, wrong)).toMatchObject({ parked: 2 });
    expect(server.mails).toHaveLength(0);
  });

  it('When the contact is known under another tenant, then the mail is parked', async () => {
    const own = await aMail();
    await service.deliver(SendEmail, own);
    const foreign = await aMail({ contactId: own.contactId });
    expect(await service.deliver(SendEmail, foreign)).toMatchObject({ parked: 1 });
  });

  it('When the seal is damaged, then the mail is parked', async () => {
    const mail = await aMail();
    const damaged = { ...mail, sealed: mail.sealed.replace(/.{4}$/, 'AAAA') };
    expect(await service.deliver(SendEmail, damaged)).toMatchObject({ parked: 1 });
  });
});

describe('an expunged contact', () => {
  it('When the confirmation arrives where the tombstone is, then it is sent', async () => {
    const mail = await aMail();
    await expunge(mail);
    await service.deliver(SendEmail, mail);
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
    expect(server.mails.filter(({ from }) => from.includes(mail.emailId))).toHaveLength(1);
  });

  it('When any other mail arrives where the tombstone is, then it is refused and not sent', async () => {
    const mail = await aMail();
    await expunge({ ...mail, expungeId: randomUUID() });
    await service.deliver(SendEmail, mail);

    expect((await answersTo(service, mail.emailId)).map(({ data }) => data.code)).toEqual(['contact-expunged']);
    expect(await service.db.query('SELECT FROM mail WHERE email_id = $1', [mail.emailId])).toEqual([]);
  });

  const expunge = ({ tenantId, contactId, expungeId }: { tenantId: string; contactId: string; expungeId?: string }) =>
    service.deliver(EraseContactData, anEraseCommand({ tenantId, contactId, expungeId }));
});

describe('a seal key that is not here yet', () => {
  it('When the key arrives later, then the mail goes out then', async () => {
    const late = aKey('late');
    const path = aKeyring([late]);
    const mail = await aMail();
    const { tenantId, contactId, purpose, expungeId } = mail;
    const recipient = { tenantId, contactId, purpose, expungeId, address: 'late@example.com', language: 'en' };
    const sealed = await seal(await KeyringFile.open(path), recipient);
    await service.deliver(SendEmail, { ...mail, sealed });
    await answerTo(service, mail.emailId, ({ data }) => data.code === 'unknown-seal-key');

    const known = JSON.parse(readFileSync(keyringPath, 'utf8')) as { keys: object[] };
    writeFileSync(keyringPath, JSON.stringify({ keys: [...known.keys, late] }));
    expect((await answerTo(service, mail.emailId)).type).toBe('EmailAccepted');
  });
});

describe('batches and locks', () => {
  let quiet: TestService;

  beforeAll(async () => {
    quiet = await startNotification(server.url);
    await waitUntil(async () => ((await fetch(`${quiet.url}/health/mail`)).ok ? true : undefined), {
      what: 'the service works',
      timeoutMs: 30_000,
    });
    await quiet.app.get(Pumps).stop();
  });

  afterAll(() => quiet.stop());

  it('When a batch is larger, then storing, claiming and recording take no more statements', async () => {
    const few = [await statementsFor(2), await statementsFor(2)];
    const hundreds = [await statementsFor(400), await statementsFor(400)];
    // The service looks at its database now and then; the smaller of two counts is the one without that.
    const least = ([one, two]: number[][]) => one!.map((count, n) => Math.min(count, two![n]!));
    expect(least(hundreds)).toEqual(least(few));
    expect((await quiet.outbox()).filter(({ type }) => type === 'EmailAccepted')).toHaveLength(804);
  });

  it('When the same mail comes twice, also in one batch, then it is stored once', async () => {
    const mail = await aMail();
    await quiet.deliver(SendEmail, [mail, mail]);
    await quiet.deliver(SendEmail, mail);
    expect(await claim()).toHaveLength(1);
  });

  it('When an erase holds the contact, then its mail is not taken, and others are', async () => {
    const [held, free] = await Promise.all([aMail(), aMail()]);
    await quiet.deliver(SendEmail, [held, free]);
    await quiet.db.transaction(async (tx) => {
      await lockKnownSubjects(tx, [held.contactId]);
      expect((await claim()).map(({ emailId }) => emailId)).toEqual([free.emailId]);
    });
    expect((await claim()).map(({ emailId }) => emailId)).toEqual([held.emailId]);
  });

  it('When a mail was erased while it was handed over, then its outcome leaves nothing', async () => {
    const mail = await aMail();
    await quiet.deliver(SendEmail, mail);
    const [claimed] = await claim();
    await quiet.db.query('DELETE FROM mail WHERE email_id = $1', [mail.emailId]);
    await quiet.app.get(RecordOutcomes).execute([{ mail: claimed!, verdict: { kind: 'accepted' } }]);
    expect(await answersTo(quiet, mail.emailId)).toEqual([]);
  });

  const claim = () => claimMails(quiet.appDb, { limit: 1_000, except: [], leaseSeconds: 60, giveUpAfterHours: 96 });

  async function statementsFor(count: number): Promise<number[]> {
    // A handler is given the messages of one tenant at a time.
    const tenantId = randomUUID();
    const mails = await Promise.all(many(count, () => aMail({ tenantId })));
    const store = await countStatements(quiet.appDb, () => quiet.deliver(SendEmail, mails));
    let claimed: Awaited<ReturnType<typeof claim>> = [];
    const take = await countStatements(quiet.appDb, async () => (claimed = await claim()));
    const outcomes = claimed.map((mail) => ({ mail, verdict: { kind: 'accepted' as const } }));
    const write = await countStatements(quiet.appDb, () => quiet.app.get(RecordOutcomes).execute(outcomes));
    return [claimed.length - count, store, take, write];
  }
});
