import { setTimeout as pause } from 'node:timers/promises';
import type { Actor, IdentityProvider } from '#local';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

export interface Question {
  readonly url: string;
  readonly method?: string;
  readonly as?: Actor;
  readonly body?: string | URLSearchParams;
  readonly type?: string;
}

/** Longer than the service needs when all is well; a frozen one is given up and asked again. */
const PATIENCE_MS = 15_000;
/** Who is refused comes back later each time, as programs should: thousands at once would keep a service from recovering. */
const LONGEST_PAUSE_MS = 5_000;

/** Asks services over HTTP as people and programs do: without an answer, or with "not now", they try again. */
export class Asker {
  private readonly tokens = new Map<Actor, Promise<string>>();

  constructor(private readonly identity: IdentityProvider) {}

  /** The first answer that is one, however long it takes. */
  async insist(question: Question): Promise<Reply> {
    for (let pauseMs = 300; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const reply = await this.ask(question).catch(() => undefined);
      if (reply !== undefined && reply.status < 500) return reply;
      await pause(pauseMs);
    }
  }

  private async ask({ url, method = 'GET', as, body, type }: Question): Promise<Reply> {
    const headers: Record<string, string> = { accept: as ? 'application/json' : 'text/html' };
    if (type !== undefined) headers['content-type'] = type;
    if (as) headers.authorization = `Bearer ${await this.tokenOf(as)}`;
    const response = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(PATIENCE_MS) });
    return { status: response.status, text: await response.text() };
  }

  private tokenOf(actor: Actor): Promise<string> {
    const known = this.tokens.get(actor) ?? this.identity.token(actor);
    this.tokens.set(actor, known);
    return known;
  }
}
