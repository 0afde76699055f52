import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { ChangingPassword } from './changing-password.js';

/** How long a request waits for a password that fits, once one has fitted. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

type ClientClass = new (config?: string | pg.ClientConfig) => pg.Client;
type Done = (error: Error | undefined, client: pg.PoolClient | undefined, release: (error?: unknown) => void) => void;

const logger = new Logger('Database');

/** SQLSTATE class 28: this role, or its password, is not let in. */
export const isRefused = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('28');

/**
 * A pg pool whose password may change while it works; each new connection reads it anew. File first, server later: the
 * old password is used until the server knows the new one, however long that takes. Server first: whoever needs a new
 * connection waits for the file, up to 10 s. Open connections are touched by neither.
 */
export function poolWith(password: ChangingPassword): new (options?: pg.PoolConfig) => pg.Pool {
  return class extends pg.Pool {
    constructor(options?: pg.PoolConfig) {
      const { Client = pg.Client } = (options ?? {}) as { Client?: ClientClass };
      super({ ...options, Client: clientWith(password, Client) } as pg.PoolConfig);
    }

    override connect(): Promise<pg.PoolClient>;
    override connect(done: Done): void;
    override connect(done?: Done): Promise<pg.PoolClient> | void {
      if (done) return this.patiently(done, performance.now() + PATIENCE_MS, FIRST_PAUSE_MS);
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (error ? reject(error) : resolve(client!)));
      });
    }

    private patiently(done: Done, deadline: number, pauseMs: number): void {
      super.connect((error, client, release) => {
        const again = isRefused(error) && password.everAccepted && performance.now() < deadline;
        if (!again) return done(error, client, release);
        setTimeout(() => this.patiently(done, deadline, Math.min(2 * pauseMs, LONGEST_PAUSE_MS)), pauseMs);
      });
    }
  };
}

/** A pg client that offers the password of this moment, and tells what became of it. */
function clientWith(password: ChangingPassword, Base: ClientClass): ClientClass {
  return class extends Base {
    private offered = '';

    constructor(config?: string | pg.ClientConfig) {
      super(config);
      // Not among the options: the empty password of an address without one would replace it.
      Object.assign(this, { password: () => (this.offered = password.next()) });
    }

    override connect(): Promise<pg.Client>;
    override connect(done: (error: Error) => void): void;
    override connect(done?: (error: Error) => void): Promise<pg.Client> | void {
      if (!done) return super.connect();
      // The way the pool calls it.
      super.connect((error: Error) => {
        this.tell(error);
        done(error);
      });
    }

    private tell(error: Error | null | undefined): void {
      if (!error) password.wasAccepted(this.offered);
      else if (isRefused(error) && password.wasRefused(this.offered)) logger.warn({ msg: REFUSED });
    }
  };
}

const REFUSED = 'the database refuses the password of the file; until it fits, the last one that did is used';
