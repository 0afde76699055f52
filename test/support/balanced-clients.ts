import { randomUUID } from 'node:crypto';
import type { Company, SignedUp, TestSystem } from './test-system.js';

/** Half of what a service promises: it refuses nobody so soon after an answer that left its connection open. */
const TOO_SOON_MS = 250;

/** A removal that was answered 202. */
export interface Accepted extends SignedUp {
  readonly expungeId: string;
}

/**
 * People behind a load balancer with kept-alive connections: each request goes to one of the addresses in use. An address that
 * refuses connections, or whose answer says that it closes (`Connection: close`), is not used any more. A request that is broken
 * off is an error: nobody may send it again without knowing what became of it.
 */
export class BalancedClients {
  /** How often an address refused a connection too soon after an answer that did not say that it goes away. */
  refused = 0;
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
      try {
        const response = await fetch(`${address}/v1/account`, { method, headers, body: body && JSON.stringify(body) });
        if (response.headers.get('connection') === 'close') this.addresses.delete(address);
        else this.lastKept.set(address, performance.now());
        if (!response.ok) throw new Error(`${method} was answered ${response.status}: ${await response.text()}`);
        return (await response.json()) as T;
      } catch (error) {
        if (codeOf(error) !== 'ECONNREFUSED') throw error;
        if (performance.now() - (this.lastKept.get(address) ?? 0) < TOO_SOON_MS) this.refused += 1;
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
