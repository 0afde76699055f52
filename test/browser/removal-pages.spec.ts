import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { ExpungeRequested } from '#contracts';
import { aLink, BEHIND_A_PROXY } from '../../apps/contact-service/test/removal-link.js';
import {
  aContact,
  aPerson,
  aTenant,
  type ContactService,
  startContactService,
} from '../../apps/contact-service/test/start.js';
import {
  anExpunged,
  aRequest,
  aToken,
  hashOf,
  type PrivacyTestService,
  startPrivacyService,
} from '../../apps/privacy-service/test/privacy-test-service.js';
import { artefacts, startBrowser } from './browser.js';
import { expectAccessible, onPage } from './on-page.js';

let contact: ContactService;
let privacy: PrivacyTestService;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  [contact, privacy] = await Promise.all([startContactService(BEHIND_A_PROXY), startPrivacyService()]);
  [browser, folder] = await Promise.all([startBrowser(), artefacts('removal-pages')]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await Promise.all([contact?.stop(), privacy?.stop()]);
});

test.each(['en', 'de'])(
  'When the link of a removal mail is followed in %s, then its pages can be used by everybody',
  async (lang) => {
    const tenant = await aTenant(contact);
    const person = aPerson();
    const contactId = await aContact(contact, tenant, person);
    const token = await aLink(contact, { tenantId: tenant.tenantId, email: person.email, contactId });
    const address = `${contact.url}/r/${token}?lang=${lang}`;
    const options = { javaScriptEnabled: false };
    await onPage({ browser, origin: contact.url }, async (page) => {
      await page.goto(address);
      await expectAccessible(page, join(folder, `link.${lang}`));
    });
    await onPage({ browser, origin: contact.url, options }, async (page) => {
      await page.goto(address);
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.getByRole('status').waitFor();
    });
    await onPage({ browser, origin: contact.url }, async (page) => {
      await page.goto(address);
      await expectAccessible(page, join(folder, `link-followed.${lang}`));
    });
    expect(await contact.db.query('SELECT state FROM contact WHERE id = $1', [contactId])).toEqual([
      { state: 'expunging' },
    ]);
  },
);

test.each(['en', 'de'])('When a removal is looked at in %s, then its status can be read by everybody', async (lang) => {
  const [begun, done] = [aToken(), aToken()];
  await privacy.deliver(ExpungeRequested, aRequest({ statusTokenHash: hashOf(begun) }));
  await anExpunged(privacy, { statusTokenHash: hashOf(done) });
  for (const [name, token] of Object.entries({ begun, done, unknown: aToken() })) {
    await onPage({ browser, origin: privacy.url }, async (page) => {
      // The page that looks for news offers this one to whom that disturbs.
      await page.goto(`${privacy.url}/status/${token}?lang=${lang}&refresh=off`);
      await expectAccessible(page, join(folder, `status-${name}.${lang}`));
    });
  }
});
