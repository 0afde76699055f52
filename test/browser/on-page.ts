import AxeBuilder from '@axe-core/playwright';
import { expect } from '@jest/globals';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { DOUBLE_TEXT, OVERFLOW, SMALL_TARGETS } from './in-page.js';

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Opened {
  readonly browser: Browser;
  /** The only server the page may ask. */
  readonly origin: string;
  readonly options?: BrowserContextOptions;
}

/** A page of its own; whatever the browser complains of, or asks another server for, fails the test. */
export async function onPage<T>({ browser, origin, options }: Opened, work: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ viewport: { width: 1024, height: 768 }, ...options });
  const wrong: string[] = [];
  const page = await context.newPage();
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) wrong.push(`asked for ${request.url()}`);
  });
  page.on('console', (message) => {
    // Chromium reports each answer of 400 and more.
    if (!message.text().startsWith('Failed to load resource')) wrong.push(message.text());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  try {
    const result = await work(page);
    expect(wrong).toEqual([]);
    return result;
  } finally {
    await context.close();
  }
}

/**
 * WCAG 2.2 AA as far as a machine can tell: axe finds nothing, what is pressed is large enough, nothing is to be scrolled
 * sideways at 320 px, nor with text of double size there. Leaves screenshots, for what only people can tell.
 */
export async function expectAccessible(page: Page, screenshot: string): Promise<void> {
  await page.screenshot({ path: `${screenshot}.png`, fullPage: true });
  const { violations, passes } = await new AxeBuilder({ page }).setLegacyMode().withTags(WCAG).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  expect(passes.length).toBeGreaterThan(5);
  // WCAG 2.5.8.
  expect(await page.evaluate(SMALL_TARGETS)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate(OVERFLOW)).toBe(0);
  await page.screenshot({ path: `${screenshot}.320.png`, fullPage: true });
  await page.evaluate(DOUBLE_TEXT);
  expect(await page.evaluate(OVERFLOW)).toBe(0);
}
