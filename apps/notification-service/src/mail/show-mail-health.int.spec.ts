import { expect, it } from '@jest/globals';
import { loadConfig, startApp } from '#service';
import { aFile, mailEnvironment } from '../../test/make.js';
import { AppModule } from '../app.module.js';
import { NotificationConfig } from '../config.js';

const NOWHERE = '127.0.0.1:1';

async function health(env: Record<string, string>) {
  let log = '';
  const { BOUNCE_SMTP_PORT: _, ...mail } = mailEnvironment(`smtp://${NOWHERE}`);
  const config = loadConfig(NotificationConfig, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    DATABASE_URL: `postgres://nobody:nothing@${NOWHERE}/none`,
    KAFKA_BROKERS: NOWHERE,
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: `http://${NOWHERE}/jwks`,
    LOG_LEVEL: 'warn',
    ...mail,
    ...env,
  });
  const { url, stop } = await startApp(AppModule.forConfig(config, { write: (line) => (log += line) }));
  const response = await fetch(`${url}/health/mail`);
  const answer = { status: response.status, body: await response.json() };
  await stop();
  return { ...answer, log };
}

it('When the database is away, then the health of sending is answered all the same', async () => {
  const { status, body, log } = await health({ BOUNCE_SMTP_PORT: '0' });
  expect({ status, body }).toEqual({ status: 200, body: { status: 'sending', problems: [] } });
  expect(log).not.toContain('come back');
});

it('When nobody can tell of mails that come back, then it says so, at the start too', async () => {
  const { status, body, log } = await health({});
  const problems = [expect.stringMatching(/^bounces: .*BOUNCE_SMTP_PORT or MAIL_HOOK_SECRET_FILE$/)];
  expect({ status, body }).toEqual({ status: 200, body: { status: 'sending', problems } });
  expect(log).toContain('nobody can tell of mails that come back');
});

it('When a mail provider tells, then nothing is wrong', async () => {
  const { body } = await health({ MAIL_HOOK_SECRET_FILE: aFile('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') });
  expect(body).toEqual({ status: 'sending', problems: [] });
});
