import { Readable } from 'node:stream';
import type { IdentityProvider } from './identity-provider.js';

/** Who acts in the demo. */
export interface Actor {
  readonly subject: string;
  readonly roles: string[];
  readonly tenantId?: string;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

interface AskRequest extends RequestInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly duplex?: 'half';
}

/** Calls a service as somebody, with a token from the identity provider; throws when the answer is an error. */
export class Api {
  private readonly tokens = new Map<Actor, Promise<string>>();

  constructor(private readonly identity: Pick<IdentityProvider, 'token'>) {}

  async call<T = Record<string, unknown>>(
    actor: Actor,
    method: string,
    url: string,
    body?: object,
  ): Promise<Answer<T>> {
    const type: Record<string, string> = body ? { 'content-type': 'application/json' } : {};
    return this.ask(actor, url, { method, headers: type, body: body && JSON.stringify(body) });
  }

  /** Sends a stream of unknown length with POST. */
  async upload<T>(actor: Actor, url: string, { type, stream }: { type: string; stream: Readable }): Promise<Answer<T>> {
    const body = Readable.toWeb(stream) as ReadableStream;
    return this.ask(actor, url, { method: 'POST', headers: { 'content-type': type }, body, duplex: 'half' });
  }

  private async ask<T>(actor: Actor, url: string, request: AskRequest): Promise<Answer<T>> {
    const headers = {
      ...request.headers,
      authorization: `Bearer ${await this.tokenOf(actor)}`,
      accept: 'application/json',
    };
    const response = await fetch(url, { ...request, headers });
    if (!response.ok) {
      const text = await response.text();
      throw new Error(`${request.method} ${new URL(url).pathname} was answered ${response.status}: ${text}`);
    }
    return { status: response.status, body: (await response.json()) as T };
  }

  private tokenOf(actor: Actor): Promise<string> {
    const known = this.tokens.get(actor);
    if (known) return known;
    const token = this.identity.token(actor);
    this.tokens.set(actor, token);
    return token;
  }
}
