import { expect, it } from '@jest/globals';
import { loadConfig, startApp } from '#service';
import { mailEnvironment } from '../../test/make.js';
import { AppModule } from '../app.module.js';
import { NotificationConfig } from '../config.js';

const NOWHERE = '127.0.0.1:1';

it('When the database is away, then the health of sending is answered all the same', async () => {
  const config = loadConfig(NotificationConfig, {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    DATABASE_URL: `postgres://nobody:nothing@${NOWHERE}/none`,
    KAFKA_BROKERS: NOWHERE,
    OIDC_ISSUER: 'http://issuer.test',
    OIDC_JWKS_URL: `http://${NOWHERE}/jwks`,
    LOG_LEVEL: 'silent',
    ...mailEnvironment(`smtp://${NOWHERE}`),
  });
  const { url, stop } = await startApp(AppModule.forConfig(config));
  const response = await fetch(`${url}/health/mail`);
  const answer = { status: response.status, body: await response.json() };
  await stop();
  expect(answer).toEqual({ status: 200, body: { status: 'sending', problems: [] } });
});
