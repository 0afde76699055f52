import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { SendEmail } from '#contracts';
import { waitUntil } from '#local';
import { ConfigurationError, loadConfig } from '#service';
import { many } from '../../../../test/support/make.js';
import type { TestService } from '../../../../test/support/test-service.js';
import { MailServer } from '../../test/mail-server.js';
import { aFile, allAnswered, aMail, mailEnvironment, startNotification } from '../../test/make.js';
import { NotificationConfig } from '../config.js';

const BATCH = 30;
const path = aFile('first\n');
const taken: string[] = [];
let valid = 'first';
let server: MailServer;
let service: TestService;

beforeAll(async () => {
  server = await MailServer.start({
    login: (user, password) => {
      const right = user === 'mailer' && password === valid;
      if (right) taken.push(password);
      return right;
    },
  });
  service = await startNotification(server.url.replace('//', '//mailer@'), { SMTP_PASSWORD_FILE: path });
});

beforeEach(async () => {
  server.mails.length = 0;
  await service.db.query('DELETE FROM outbox');
});

afterAll(async () => {
  await service.stop();
  await server.close();
});

describe('the password of the mail server', () => {
  it('When the server changes it first, then mails wait for the file and none is lost', async () => {
    await deliver();
    valid = 'second';
    server.hangUp();
    await deliver();
    await untilHealthSays(/smtp-login/);
    writeFileSync(path, 'second\n');
    await deliver();
    await allArrived('second');
  });

  it('When the file changes first, then open connections go on, and none is lost', async () => {
    await deliver();
    await allArrived('second', 1);
    writeFileSync(path, 'third');
    await deliver();
    await allArrived('second', 2);
    server.hangUp();
    await deliver();
    await untilHealthSays(/smtp-login/);
    valid = 'third';
    await allArrived('third');
  });

  const deliver = async (): Promise<unknown> =>
    service.deliver(SendEmail, await Promise.all(many(BATCH, () => aMail())));

  const untilHealthSays = (problem: RegExp): Promise<unknown> =>
    waitUntil(async () => problem.test(await (await fetch(`${service.url}/health/mail`)).text()) || undefined, {
      what: `the problem ${problem}`,
      timeoutMs: 20_000,
    });

  async function allArrived(password: string, batches = 3): Promise<void> {
    const answers = await allAnswered(service, batches * BATCH);
    expect(new Set(answers.map(({ type }) => type))).toEqual(new Set(['EmailAccepted']));
    expect(new Set(server.mails.map(({ from }) => from)).size).toBe(batches * BATCH);
    expect(taken.at(-1)).toBe(password);
  }
});

describe('the settings of the password', () => {
  it.each([
    ['smtp://mailer:secret@mail.example', /^cannot be given together with .*password in SMTP_URL$/],
    ['smtp://mail.example', /^needs a user in SMTP_URL$/],
  ])('When the address is %s, then the service does not start with a password file', (url, problem) => {
    expect(problemsOf({ ...mailEnvironment(url), SMTP_PASSWORD_FILE: path })).toEqual([
      { variable: 'SMTP_PASSWORD_FILE', problem: expect.stringMatching(problem) },
    ]);
  });

  function problemsOf(env: Record<string, string>): unknown {
    try {
      loadConfig(NotificationConfig, {
        ...env,
        HTTP_PORT: '0',
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        KAFKA_BROKERS: '127.0.0.1:1',
        OIDC_ISSUER: 'http://127.0.0.1:1',
        OIDC_JWKS_URL: 'http://127.0.0.1:1/jwks',
      });
      return undefined;
    } catch (error) {
      return (error as ConfigurationError).problems;
    }
  }
});
