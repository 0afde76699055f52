import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { SendEmail } from '#contracts';
import { waitUntil } from '#local';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { aMail, answerTo, startNotification } from '../../test/make.js';

let server: MailServer;
let service: TestService;
let owner: DataSource;

beforeAll(async () => {
  server = await MailServer.start();
  service = await startNotification(server.url);
  owner = await new DataSource({ type: 'postgres', url: service.ownerUrl }).initialize();
});

afterAll(async () => {
  await owner.destroy();
  await service.stop();
  await server.close();
});

const arrived = (emailId: string): number => server.seen.filter(({ from }) => from.includes(emailId)).length;

const arrival = (emailId: string) =>
  waitUntil(() => arrived(emailId) || undefined, { what: 'the mail at the server', timeoutMs: 20_000 });

it('When acceptances cannot be written for longer than the lease, then the mails are not sent again', async () => {
  await owner.query('ALTER TABLE mail_outcome ADD CONSTRAINT away CHECK (false) NOT VALID');
  const [accepted, later] = [await aMail(), await aMail()];
  await service.deliver(SendEmail, accepted);
  await arrival(accepted.emailId);
  await service.db.query('UPDATE mail SET lease_until = now()');
  await service.deliver(SendEmail, later);
  await arrival(later.emailId);

  await owner.query('ALTER TABLE mail_outcome DROP CONSTRAINT away');
  for (const { emailId } of [accepted, later]) {
    expect((await answerTo(service, emailId)).type).toBe('EmailAccepted');
    expect(arrived(emailId)).toBe(1);
  }
});
