import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Readiness } from '#service';
import type { ImportState } from './import.js';
import type { ImportView } from './import-view.js';
import { ReadImport } from './read-import.js';

const LOOK_EVERY_MS = 500;
/** Before proxies take a silent connection for a dead one. */
const HEARTBEAT_MS = 15_000;
/** A token is checked when a stream begins, so no stream outlives it by much; clients come again by themselves. */
const LONGEST_MS = 15 * 60_000;
const ENDED: readonly ImportState[] = ['done', 'cancelled', 'failed', 'undone'];

/**
 * The counts of an import while they change, as server-sent events (`progress`, with the import as data) until it has ended
 * (`end`), whoever watches has gone, or this service stops.
 */
@Injectable()
export class WatchImport {
  constructor(
    private readonly readImport: ReadImport,
    private readonly readiness: Readiness,
  ) {}

  async *execute(tenantId: string, id: string, gone: AbortSignal): AsyncGenerator<string> {
    const begun = performance.now();
    let [said, saidAt] = ['', begun];
    while (!gone.aborted) {
      const view = await this.readImport.execute(tenantId, id);
      if (ENDED.includes(view.state)) return yield event('end', view);
      const now = performance.now();
      if (now - begun > LONGEST_MS || this.readiness.problems().includes('stopping')) return;
      const progress = event('progress', view);
      if (fingerprint(view) !== said) yield progress;
      else if (now - saidAt > HEARTBEAT_MS) yield ': still here\n\n';
      else {
        await sleep(LOOK_EVERY_MS, undefined, { signal: gone }).catch(() => undefined);
        continue;
      }
      [said, saidAt] = [fingerprint(view), now];
    }
  }
}

/** What changes; the rate does all the time. */
const fingerprint = ({ state, rowsRead, contactsUndone }: ImportView): string =>
  `${state} ${rowsRead} ${contactsUndone}`;

const event = (name: string, view: ImportView): string => `event: ${name}\ndata: ${JSON.stringify(view)}\n\n`;
