import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { SERVICE_NAMES, type ServiceName } from '#local';
import { type ReadMessage, readTopics } from '../../support/read-topics.js';
import { Databases } from '../databases.js';
import type { Deed, RunFacts, RunFolder, SinkMail } from '../run-folder.js';
import { databaseOf } from '../settle.js';

/** A request as privacy-service keeps it. */
export interface RequestRow {
  readonly expunge_id: string;
  readonly contact_id: string;
  readonly state: string;
  readonly requested_at: Date;
  readonly completed_at: Date | null;
  readonly confirmation_failed: boolean;
  readonly email_id: string | null;
  readonly sealed_recipient: string | null;
  readonly participants: readonly {
    readonly name: string;
    readonly outcome?: string;
    readonly at?: string;
    readonly stores?: readonly { readonly store: string; readonly remaining: number }[];
  }[];
}

export interface TombstoneRow {
  readonly contact_id: string;
  readonly expunge_id: string;
  readonly erased_at: Date;
}

export interface DeadLetterRow {
  readonly topic: string;
  readonly key: string;
  readonly reason: string;
  readonly data: string;
}

/** A mail as its recipient's server got it. */
export interface Mail extends Omit<SinkMail, 'raw'> {
  /** From its return path. */
  readonly emailId: string;
  readonly messageId: string;
  /** Bytes of the attached certificate, of a confirmation. */
  readonly certificate?: string;
  readonly salt?: string;
}

export interface LogLine {
  readonly service: ServiceName;
  readonly at: number;
  readonly level: string;
  readonly text: string;
  readonly error: string;
}

/** Everything that can be seen from outside once a run is over. */
export interface Facts {
  readonly run: RunFacts;
  readonly folder: RunFolder;
  readonly databases: Databases;
  readonly deeds: readonly Deed[];
  readonly mails: readonly Mail[];
  /** Without those the run has published itself, each once, in the order of their partitions. */
  readonly records: readonly ReadMessage[];
  readonly requests: readonly RequestRow[];
  readonly tombstones: ReadonlyMap<ServiceName, ReadonlyMap<string, TombstoneRow>>;
  readonly deadLetters: ReadonlyMap<ServiceName, readonly DeadLetterRow[]>;
  readonly errors: readonly LogLine[];
  /** Whose mail is whose: contact ids by the id of the mail. */
  readonly contactOfMail: ReadonlyMap<string, string>;
}

export const PARTICIPANTS = ['contact-service', 'workflow-service', 'notification-service'] as const;

export async function gather(folder: RunFolder): Promise<Facts> {
  const run = folder.facts;
  const databases = new Databases(run.superuserUrl);
  const all = await readTopics(run.brokers);
  const records = firstOfEach(all.filter(({ headers }) => headers[run.copyHeader] === undefined));
  const tombstones = new Map<ServiceName, Map<string, TombstoneRow>>();
  for (const service of PARTICIPANTS) {
    const rows = await databases.rows<TombstoneRow>(
      databaseOf(service),
      'SELECT contact_id, expunge_id, erased_at FROM subject WHERE erased_at IS NOT NULL',
    );
    tombstones.set(service, new Map(rows.map((row) => [row.contact_id, row])));
  }
  const deadLetters = new Map<ServiceName, DeadLetterRow[]>();
  for (const service of SERVICE_NAMES) {
    const sql = 'SELECT topic, key, reason, data FROM dead_letter';
    deadLetters.set(service, await databases.rows<DeadLetterRow>(databaseOf(service), sql));
  }
  return {
    run,
    folder,
    databases,
    deeds: folder.all('deeds'),
    mails: await Promise.all(folder.all('mails').map(read)),
    records,
    requests: await databases.rows<RequestRow>('privacy_service', 'SELECT * FROM expunge_request'),
    tombstones,
    deadLetters,
    errors: SERVICE_NAMES.flatMap((service) => errorsOf(service, run.logDir)),
    contactOfMail: new Map(
      records
        .filter(({ type }) => type === 'SendEmail.v1')
        .map(({ key, value }) => [(JSON.parse(value) as { emailId: string }).emailId, key]),
    ),
  };
}

/** A relay may publish a message again after a crash; what counts is when it came first. */
function firstOfEach(records: readonly ReadMessage[]): ReadMessage[] {
  const known = new Set<string>();
  return records.filter(({ topic, id }) => {
    const isNew = !known.has(`${topic} ${id}`);
    known.add(`${topic} ${id}`);
    return isNew;
  });
}

async function read({ raw, ...mail }: SinkMail): Promise<Mail> {
  const bytes = Buffer.from(raw, 'base64');
  const emailId = /^bounce\+([0-9a-f-]{36})@/.exec(mail.from)?.[1] ?? '';
  // Parsed only where it is worth it: a run has thousands.
  const head = bytes.subarray(0, 8_192).toString('latin1');
  const messageId = /^message-id:\s*(\S+)/im.exec(head)?.[1] ?? '';
  if (!bytes.includes('certificate.jws')) return { ...mail, emailId, messageId };
  const parsed = await simpleParser(bytes);
  const certificate = parsed.attachments.find(({ filename }) => filename === 'certificate.jws')?.content.toString();
  const salt = /--salt=([\w-]+)/.exec(parsed.text ?? '')?.[1];
  return { ...mail, emailId, messageId, certificate, salt };
}

function errorsOf(service: ServiceName, logDir: string): LogLine[] {
  const files = readdirSync(logDir).filter((name) => name.startsWith(`${service}.log`));
  const lines = files.flatMap((name) => readFileSync(join(logDir, name), 'utf8').split('\n'));
  return lines.filter(Boolean).flatMap((line) => {
    const one = understood(line);
    if (one.level !== 'error' && one.level !== 'fatal' && one.level !== 'raw') return [];
    const error = JSON.stringify(one.error ?? {});
    return [{ service, at: Date.parse(one.time ?? ''), level: one.level, text: one.msg ?? '', error }];
  });
}

interface Line {
  readonly level: string;
  readonly time?: string;
  readonly msg?: string;
  readonly error?: object;
}

function understood(line: string): Line {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return { level: 'raw', msg: line };
  }
}
