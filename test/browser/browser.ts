import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import chromiumOfNpm from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';
import { repositoryRoot } from '#local';
import { oneAtATime } from './one-at-a-time.js';

const NO_BROWSER =
  'There is no browser for these tests. On Linux x64 npm install brings a Chromium along (@sparticuz/chromium); elsewhere ' +
  'install Chrome, or set CHROME_PATH to a Chrome or Chromium of version 120 or newer.';

/** Chrome of CHROME_PATH, the Chromium npm has installed, or the Chrome of this machine; fails with the ways out. */
export async function startBrowser(): Promise<Browser> {
  const given = process.env.CHROME_PATH;
  try {
    if (given) return await chromium.launch({ executablePath: given });
    if (process.platform !== 'linux' || process.arch !== 'x64') return await chromium.launch({ channel: 'chrome' });
    return await launchUnpacked();
  } catch (error) {
    throw new Error(NO_BROWSER, { cause: error });
  }
}

/** Without the arguments it is meant to have, for one short visit in a single process. As root there is no sandbox. */
async function launchUnpacked(): Promise<Browser> {
  chromiumOfNpm.setGraphicsMode = false;
  const env = environment() as Record<string, string>;
  return chromium.launch({ executablePath: await unpacked(), args: ['--no-sandbox'], env });
}

/** Two test files at once would unpack it over each other; of one that was killed meanwhile half a program may be left. */
function unpacked(): Promise<string> {
  return oneAtATime(join(tmpdir(), 'chromium-unpacking.pid'), {
    mend: () => rm(join(tmpdir(), 'chromium'), { force: true }),
    work: () => chromiumOfNpm.executablePath(),
  });
}

/** The fonts of this machine, if it has any, have more scripts than the one that comes along. */
function environment(): NodeJS.ProcessEnv {
  return existsSync('/etc/fonts/fonts.conf') ? { ...process.env, FONTCONFIG_PATH: '/etc/fonts' } : process.env;
}

/** Where screenshots go, for people to look at. */
export async function artefacts(name: string): Promise<string> {
  const folder = join(repositoryRoot(), 'test/artefacts', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return folder;
}
