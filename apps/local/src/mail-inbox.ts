import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Child, startChild } from './children.js';
import { baseEnvironment } from './config.js';
import { repositoryRoot } from './paths.js';
import { freePort } from './ports.js';
import { waitUntil } from './wait-until.js';

const START_TIMEOUT_MS = 30_000;

export interface MailInboxOptions {
  /** Free ones unless told. */
  smtpPort?: number;
  webPort?: number;
  /** Where received mails are kept. */
  dir: string;
  /** `<dir>/../mail-inbox.log` unless told. */
  log?: string;
}

/** A mail as the inbox parsed it; `source(id)` gives the bytes as received. */
export interface ReceivedMail {
  id: string;
  subject: string;
  from: MailAddress[];
  to: MailAddress[];
  /** Header names in lower case. */
  headers: Record<string, string | string[]>;
  text?: string;
  html?: string;
  attachments: { filename: string; contentType: string; size?: number }[];
  envelope: { from: MailAddress; to: MailAddress[] };
}

interface MailAddress {
  address: string;
  name?: string;
}

export interface MailInbox {
  readonly smtpUrl: string;
  readonly webUrl: string;
  readonly pid: number;
  /** Mails whose envelope names this very address, oldest first. */
  messages(filter: { to: string }): Promise<ReceivedMail[]>;
  /** The first mail to that address, as soon as there is one; rejects after `timeoutMs`. */
  waitForMail(to: string, timeoutMs: number): Promise<ReceivedMail>;
  /** The mail as it came over SMTP (RFC 822 text with its signature intact). */
  source(id: string): Promise<string>;
  stop(): Promise<void>;
  /** Ends the inbox at once; `restart` brings it back on the same ports with its mails. */
  kill(signal: NodeJS.Signals): Promise<void>;
  restart(): Promise<void>;
}

/**
 * Starts a mail server that keeps what it receives and shows it on a web page, in a process of its own on
 * 127.0.0.1. Returns when both answer; rejects with the log file's name when they do not.
 */
export async function startMailInbox(options: MailInboxOptions): Promise<MailInbox> {
  const dir = resolve(options.dir);
  const smtpPort = options.smtpPort ?? (await freePort());
  const webPort = options.webPort ?? (await freePort());
  const webUrl = `http://127.0.0.1:${webPort}`;
  const logFile = options.log ?? join(dirname(dir), 'mail-inbox.log');
  const launch = (): Promise<Child> => launchInbox({ dir, smtpPort, webPort, logFile, webUrl });
  let inbox = await launch();
  const messages = async ({ to }: { to: string }): Promise<ReceivedMail[]> => {
    const response = await ask(`${webUrl}/api/email?sort=asc&envelope.to.address=${encodeURIComponent(to)}`);
    return (await response.json()) as ReceivedMail[];
  };
  return {
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    webUrl,
    get pid() {
      return inbox.pid;
    },
    messages,
    waitForMail: (to, timeoutMs) =>
      waitUntil(async () => (await messages({ to }))[0], { what: 'the mail arrives in the inbox', timeoutMs }),
    source: async (id) => (await ask(`${webUrl}/api/email/${encodeURIComponent(id)}/source`)).text(),
    stop: () => inbox.stop('SIGTERM', 5_000),
    kill: (signal) => inbox.kill(signal),
    async restart() {
      await inbox.stop('SIGTERM', 5_000);
      inbox = await launch();
    },
  };
}

async function launchInbox(at: {
  dir: string;
  smtpPort: number;
  webPort: number;
  logFile: string;
  webUrl: string;
}): Promise<Child> {
  mkdirSync(at.dir, { recursive: true, mode: 0o700 });
  const program = join(repositoryRoot(), 'node_modules', 'maildev', 'dist', 'bin', 'maildev.js');
  const inbox = await startChild({
    command: process.execPath,
    args: ['--max-old-space-size=256', program, ...inboxOptions(at)],
    env: baseEnvironment(),
    logFile: at.logFile,
    pidFile: `${at.dir}.pid`,
    marker: at.dir,
    cwd: at.dir,
  });
  const probe = async (): Promise<true | undefined> => {
    if (!inbox.running) throw new Error(`the mail inbox ended while starting (see ${at.logFile})`);
    // The web page is the last thing it starts, so mail is accepted as well when this answers.
    return (await isUp(at.webUrl)) ? true : undefined;
  };
  try {
    await waitUntil(probe, { what: 'the mail inbox answers', timeoutMs: START_TIMEOUT_MS, see: at.logFile });
    return inbox;
  } catch (error) {
    await inbox.kill('SIGKILL');
    throw error;
  }
}

function inboxOptions(at: { dir: string; smtpPort: number; webPort: number }): string[] {
  const options = {
    ip: '127.0.0.1',
    smtp: at.smtpPort,
    'web-ip': '127.0.0.1',
    web: at.webPort,
    'mail-directory': at.dir,
    'max-emails': 10_000,
  };
  return ['--silent', ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])];
}

async function isUp(webUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${webUrl}/api/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

async function ask(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`the mail inbox answered ${response.status}`);
  return response;
}
