import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A client that has just had an answer is likely to send its next request into the same connection. */
const NEXT_REQUEST_MS = 500;

/**
 * Tells clients that keep their connections that this service goes away: from `begin` on every answer, also to requests
 * that came before, says `Connection: close` and ends its connection. Otherwise a client could send its next request
 * into a connection that is just being closed, and would never know what became of it.
 */
export class LastAnswers {
  private readonly open = new Set<ServerResponse>();
  private begun = false;
  private lastKept = Number.NEGATIVE_INFINITY;

  constructor(server: Server) {
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      if (this.begun) response.shouldKeepAlive = false;
      this.open.add(response);
      response.once('close', () => this.ended(response));
    });
  }

  begin(): void {
    this.begun = true;
    for (const response of this.open) response.shouldKeepAlive = false;
  }

  /** Resolves when half a second has passed since the last answer that left its connection open. */
  async untilQuiet(): Promise<void> {
    const pause = this.lastKept + NEXT_REQUEST_MS - performance.now();
    if (pause > 0) await sleep(pause);
  }

  private ended(response: ServerResponse): void {
    this.open.delete(response);
    if (response.shouldKeepAlive) this.lastKept = performance.now();
  }
}
