import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { anAskedPerson } from '../../apps/contact-service/test/opt-in-ask.js';
import { type ContactService, startContactService } from '../../apps/contact-service/test/start.js';
import { artefacts, startBrowser } from './browser.js';
import { FOCUSED, FOCUSED_ROLE, OUTLINE, OVERFLOW } from './in-page.js';
import { expectAccessible, onPage } from './on-page.js';
import { type Shown, STATES } from './states.js';

const LANGUAGES = { en: 'ltr', de: 'ltr', ar: 'rtl' } as const;

let service: ContactService;
let browser: Browser;
let folder: string;

beforeAll(async () => {
  [service, browser, folder] = await Promise.all([startContactService(), startBrowser(), artefacts('opt-in-form')]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

const withPage = <T>(options: BrowserContextOptions, work: (page: Page) => Promise<T>): Promise<T> =>
  onPage({ browser, origin: service.url, options }, work);

const addressOf = (path: string, language?: string): string => {
  const url = new URL(`${service.url}/o/${path}`);
  if (language !== undefined) url.searchParams.set('lang', language);
  return url.href;
};

async function visit(page: Page, { path, act, status }: Shown, language: string): Promise<void> {
  const opened = await page.goto(addressOf(path, language));
  if (!act) return expect(opened?.status()).toBe(status);
  const answer = page.waitForResponse((response) => response.request().method() === 'POST');
  await act(page);
  expect((await answer).status()).toBe(status);
  await page.waitForLoadState();
}

describe.each(Object.entries(LANGUAGES))('In %s', (language, direction) => {
  test.each(Object.keys(STATES))(
    'When the page is %s, then axe finds nothing, and it fits 320 px and doubled text',
    async (state) => {
      const shown = await STATES[state]!(service);
      await withPage({}, async (page) => {
        await visit(page, shown, language);
        await expectAccessible(page, join(folder, `${state}.${language}`));
        expect(await page.evaluate(OUTLINE)).toEqual({ language, direction, headings: 1, mains: 1, titled: true });
      });
    },
  );
});

const focused = (page: Page): Promise<string> => page.evaluate<string>(FOCUSED);

/** Without JavaScript, as everything below is done. */
const NO_SCRIPT = { javaScriptEnabled: false };

/** Everything the Tab key comes to, from the top to the end of the page. */
async function tabOrder(page: Page): Promise<string[]> {
  const order: string[] = [];
  for (;;) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (order.length > 20 || at === '') return order;
    order.push(at);
  }
}

async function tabTo(page: Page, name: string): Promise<void> {
  for (let n = 0; n < 20; n += 1) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === name) return;
  }
  throw new Error(`the Tab key does not come to ${name}`);
}

async function pressAndWait(page: Page, key: 'Enter' | 'Space'): Promise<void> {
  const loaded = page.waitForEvent('load');
  await page.keyboard.press(key);
  await loaded;
}

const heading = (page: Page): Promise<string> =>
  page
    .locator('h1')
    .innerText()
    .then((text) => text.replaceAll(/[\u2068\u2069]/g, ''));

describe('By keyboard only, without JavaScript', () => {
  const on = <T>(work: (page: Page) => Promise<T>, made?: Parameters<typeof anAskedPerson>[1]): Promise<T> =>
    withPage(NO_SCRIPT, async (page) => {
      await page.goto(addressOf((await anAskedPerson(service, made)).token));
      return work(page);
    });

  test('When Tab is pressed again and again, then it comes to everything, in the order of the page, and is seen there', () =>
    on(async (page) => {
      expect(await tabOrder(page)).toEqual([
        '[agree]',
        'Opt in',
        'Decline',
        'Have my data removed now',
        'Deutsch',
        'العربية',
      ]);
    }));

  test('When Space ticks and Enter presses, then the person has opted in, and can withdraw and agree again', () =>
    on(async (page) => {
      await tabTo(page, '[agree]');
      await page.keyboard.press('Space');
      await tabTo(page, 'Opt in');
      await pressAndWait(page, 'Enter');
      expect(await heading(page)).toBe('You have opted in');
      await tabTo(page, 'Withdraw my consent');
      await pressAndWait(page, 'Space');
      expect(await heading(page)).toBe('You have withdrawn your consent');
      await tabTo(page, '[agree]');
      await page.keyboard.press('Space');
      await pressAndWait(page, 'Enter');
      expect(await heading(page)).toBe('You have opted in');
    }));

  test('When the person declines, then one key is enough', () =>
    on(async (page) => {
      await tabTo(page, 'Decline');
      await pressAndWait(page, 'Enter');
      expect(await heading(page)).toBe('You have declined');
    }));

  test('When the box is forgotten, then the focus is on the message, and leads from there to the box', () =>
    on(async (page) => {
      await tabTo(page, 'Opt in');
      await pressAndWait(page, 'Enter');
      expect(await page.title()).toMatch(/^Error: /);
      expect(await page.evaluate(FOCUSED_ROLE)).toBe('alert');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await focused(page)).toBe('[agree]');
      const box = page.getByRole('checkbox', { name: /^I agree that/ });
      expect(await box.getAttribute('aria-describedby')).toBe('agree-error');
      expect(await box.getAttribute('aria-invalid')).toBe('true');
      expect(await page.locator('#agree-error').innerText()).toMatch(/^Tick the box if you agree/);
      await page.keyboard.press('Space');
      await tabTo(page, 'Opt in');
      await pressAndWait(page, 'Enter');
      expect(await heading(page)).toBe('You have opted in');
    }));

  test('When the person wants to be removed, then it takes a page, a tick and a button', () =>
    on(async (page) => {
      await tabTo(page, 'Have my data removed now');
      await pressAndWait(page, 'Enter');
      expect(await heading(page)).toBe('Have your data removed?');
      expect(await tabOrder(page)).toEqual([
        '[confirm]',
        'Remove my data for good',
        'Back, change nothing',
        'Deutsch',
        'العربية',
      ]);
      await tabTo(page, 'Remove my data for good');
      await pressAndWait(page, 'Enter');
      expect(await page.title()).toBe('Error: Have your data removed?');
      await tabTo(page, '[confirm]');
      await page.keyboard.press('Space');
      await tabTo(page, 'Remove my data for good');
      await pressAndWait(page, 'Enter');
      expect(await heading(page)).toBe('Your data is being removed');
    }));
});

describe('With the mouse, without JavaScript', () => {
  test('When the words of the label are clicked and the button is, in Arabic, then the answer is in Arabic', () =>
    withPage(NO_SCRIPT, async (page) => {
      await page.goto(addressOf((await anAskedPerson(service)).token));
      await page.getByRole('link', { name: 'العربية' }).click();
      await page.getByText('أوافق على أن تحتفظ').click();
      await page.getByRole('button', { name: 'أوافق' }).click();
      expect(await heading(page)).toBe('لقد وافقت');
      await page.getByRole('link', { name: 'Deutsch' }).click();
      expect(await heading(page)).toBe('Sie haben zugestimmt');
    }));

  test('When the browser goes back after an answer, then the page of before can still be answered', () =>
    withPage(NO_SCRIPT, async (page) => {
      await page.goto(addressOf((await anAskedPerson(service)).token));
      await page.getByRole('button', { name: 'Decline' }).click();
      expect(await heading(page)).toBe('You have declined');
      await page.goBack();
      await page.getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Opt in' }).click();
      expect(await heading(page)).toBe('You have opted in');
    }));

  test('When the company has one very long name, then the page still fits a telephone', () =>
    withPage({ ...NO_SCRIPT, viewport: { width: 320, height: 640 } }, async (page) => {
      const { tenant, token } = await anAskedPerson(service);
      const facts = {
        name: 'Wasserwirtschaft'.repeat(12),
        languages: ['de'],
        privacyContact: `${'p'.repeat(60)}@acme.example`,
      };
      await service.call(tenant.staff, 'PUT', `/v1/tenants/${tenant.tenantId}`, facts);
      await page.goto(addressOf(token));
      expect(await page.evaluate(OVERFLOW)).toBe(0);
    }));
});
