import { randomUUID } from 'node:crypto';
import type { Company, SignedUp, TestSystem } from './test-system.js';

/** Half of what a service promises: it turns nobody away so soon after an answer that left its connection open. */
const TOO_SOON_MS = 250;
/** No connection was made, or the one that was open had been closed. */
const TURNED_AWAY = new Set<unknown>(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** A removal that was answered 202. */
export interface Accepted extends SignedUp {
  readonly expungeId: string;
}

/**
 * People behind a load balancer with kept-alive connections: each request goes to one of the addresses in use. An address that
 * turns somebody away, or whose answer says that it closes (`Connection: close`), is not used any more. Whoever is turned away
 * asks elsewhere: signing up and removing oneself may be repeated.
 */
export class BalancedClients {
  /** How many were turned away although they asked soon after an answer that did not say that the address goes away. */
  turnedAway = 0;
  private readonly lastKept = new Map<string, number>();
  private turn = 0;

  constructor(
    private readonly system: TestSystem,
    private readonly company: Company,
    /** Addresses of contact-service; may be added to. */
    readonly addresses: Set<string>,
  ) {}

  /** So many people sign up and press Delete Account, `atOnce` at the same time; all requests must be answered well. */
  removeThemselves(people: number, atOnce = 8): Promise<Accepted[]> {
    let left = people;
    return this.while(() => (left -= 1) >= 0, atOnce);
  }

  /** The same by one after another, until the function that is returned is called and there were so many. */
  keepRemoving(atOnce = 3): (atLeast: number) => Promise<Accepted[]> {
    let enough = Number.POSITIVE_INFINITY;
    const removed = this.while((accepted) => accepted < enough, atOnce);
    removed.catch(() => undefined);
    return (atLeast) => {
      enough = atLeast;
      return removed;
    };
  }

  private async while(more: (accepted: number) => boolean, atOnce: number): Promise<Accepted[]> {
    const accepted: Accepted[] = [];
    const worker = async (): Promise<void> => {
      while (more(accepted.length)) accepted.push(await this.comeAndGo());
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return accepted;
  }

  private async comeAndGo(): Promise<Accepted> {
    const candidate = this.company.candidate();
    const { subject, tenantId, roles } = candidate;
    const authorization = `Bearer ${await this.system.identity.token({ subject, tenantId, roles })}`;
    const email = `${randomUUID()}@example.com`;
    const person = { email, givenName: 'Lena', language: 'en' };
    const { id } = await this.ask<{ id: string }>('POST', authorization, person);
    const { expungeId } = await this.ask<{ expungeId: string }>('DELETE', authorization);
    return { id, candidate, email, expungeId };
  }

  private async ask<T>(method: string, authorization: string, body?: object): Promise<T> {
    const headers = { authorization, ...(body && { 'content-type': 'application/json' }) };
    for (;;) {
      const address = this.next();
      const idleMs = performance.now() - (this.lastKept.get(address) ?? 0);
      try {
        const response = await fetch(`${address}/v1/account`, { method, headers, body: body && JSON.stringify(body) });
        if (response.headers.get('connection') === 'close') this.addresses.delete(address);
        else this.lastKept.set(address, performance.now());
        if (!response.ok) throw new Error(`${method} was answered ${response.status}: ${await response.text()}`);
        return (await response.json()) as T;
      } catch (error) {
        if (!TURNED_AWAY.has(codeOf(error))) throw error;
        if (idleMs < TOO_SOON_MS) this.turnedAway += 1;
        this.addresses.delete(address);
      }
    }
  }

  private next(): string {
    const addresses = [...this.addresses];
    if (addresses.length === 0) throw new Error('nobody takes requests any more');
    return addresses[(this.turn += 1) % addresses.length]!;
  }
}

function codeOf(error: unknown): unknown {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
}
