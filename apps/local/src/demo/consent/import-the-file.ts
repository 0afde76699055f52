import { Readable } from 'node:stream';
import type { Actor, Api } from '../../api.js';
import type { LocalSystem } from '../../system.js';
import { waitUntil } from '../../wait-until.js';
import type { Say } from '../run-demo.js';
import { fileOf } from './people.js';

interface ImportView {
  readonly id: string;
  readonly state: string;
  readonly rowsImported: number;
  readonly rowsRejected: number;
}

/** A recruiter imports the file of so many rows; returns when the import is done, with its counts. */
export async function importTheFile(
  system: LocalSystem,
  api: Api,
  { rows, recruiter }: { rows: number; recruiter: Actor },
  say: Say,
): Promise<{ imported: number; refused: number }> {
  const imports = `${system.urls['contact-service']}/v1/imports`;
  const started = performance.now();
  const file = Readable.from(fileOf(rows));
  const address = `${imports}?source=trade-fair&lawfulBasis=legitimate-interests`;
  const { body } = await api.upload<ImportView>(recruiter, address, { type: 'text/csv', stream: file });
  const done = await waitUntil(
    async () => {
      const { body: now } = await api.call<ImportView>(recruiter, 'GET', `${imports}/${body.id}`);
      if (now.state === 'failed') throw new Error('the import failed');
      return now.state === 'done' ? now : undefined;
    },
    { what: 'the import is done', timeoutMs: 120_000, everyMs: 200 },
  );
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  say(
    `5. A recruiter imported a file of ${rows} rows in ${seconds} s: ${done.rowsImported} contacts, ${done.rowsRejected} refused`,
  );
  return { imported: done.rowsImported, refused: done.rowsRejected };
}
