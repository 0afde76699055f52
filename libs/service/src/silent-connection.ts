import type { Socket } from 'node:net';
import pg from 'pg';

type Pool = new (options?: pg.PoolConfig) => pg.Pool;
type Client = new (config?: string | pg.ClientConfig) => pg.Client;
type Done = (error: Error | undefined, client: pg.PoolClient | undefined, release: (error?: unknown) => void) => void;

/** When the server was last heard on each connection, in milliseconds of a steady clock. */
const heardAt = new WeakMap<object, number>();

/**
 * A pool that gives up a connection on which the server owes an answer for longer than `limitMs`: a firewall or proxy that has
 * forgotten a connection tells nobody, and a query would wait on it for ever. What was silent then like it is not used any
 * more either, so that a pool of dead connections costs this time once and not for each. The server must end statements itself
 * before the limit.
 */
export function livePool(Base: Pool, limitMs: number): Pool {
  return class extends Base {
    private silentAt = Number.NEGATIVE_INFINITY;

    constructor(options?: pg.PoolConfig) {
      const { Client = pg.Client } = (options ?? {}) as { Client?: Client };
      super({
        ...options,
        Client: listening(Client, limitMs, () => (this.silentAt = performance.now())),
      } as pg.PoolConfig);
    }

    override connect(): Promise<pg.PoolClient>;
    override connect(done: Done): void;
    override connect(done?: Done): Promise<pg.PoolClient> | void {
      if (!done) {
        return new Promise((resolve, reject) => {
          this.connect((error, client) => (error ? reject(error) : resolve(client!)));
        });
      }
      super.connect((error, client, release) => {
        if (error || !client || (heardAt.get(client) ?? 0) > this.silentAt) return done(error, client, release);
        release(true);
        this.connect(done);
      });
    }
  };
}

function listening(Base: Client, limitMs: number, onSilence: () => void): Client {
  return class extends Base {
    override connect(): Promise<pg.Client>;
    override connect(done: (error: Error) => void): void;
    override connect(done?: (error: Error) => void): Promise<pg.Client> | void {
      if (!done) return super.connect();
      // The way the pool calls it.
      super.connect((error: Error) => {
        if (!error) watch(this, limitMs, onSilence);
        done(error);
      });
    }
  };
}

function watch(client: pg.Client, limitMs: number, onSilence: () => void): void {
  const inner = client as unknown as Inner;
  const { stream } = inner.connection;
  const heard = (): unknown => heardAt.set(client, performance.now());
  heard();
  stream.on('data', heard);
  // Of Node's own making: so long after the last byte in either direction.
  stream.setTimeout(limitMs, () => {
    if (inner.readyForQuery) return;
    onSilence();
    stream.destroy();
  });
}

/** What node-postgres does not tell of a client. */
interface Inner {
  readonly connection: { readonly stream: Socket };
  /** False while the server owes an answer, or the rest of one. */
  readonly readyForQuery: boolean;
}
