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

/** Calls a service as somebody, with a token from the identity provider; throws when the answer is an error. */
export class Api {
  private readonly tokens = new Map<Actor, Promise<string>>();

  constructor(private readonly identity: IdentityProvider) {}

  async call<T = Record<string, unknown>>(
    actor: Actor,
    method: string,
    url: string,
    body?: object,
  ): Promise<Answer<T>> {
    let token = this.tokens.get(actor);
    if (!token) {
      token = this.identity.token(actor);
      this.tokens.set(actor, token);
    }
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${await token}`,
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${method} ${new URL(url).pathname} was answered ${response.status}: ${await response.text()}`);
    return { status: response.status, body: (await response.json()) as T };
  }
}
