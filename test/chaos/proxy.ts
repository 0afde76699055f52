import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A TCP connection through the proxy: both sides. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** Nothing passes any more, and nobody is told. */
  dead: boolean;
}

/** A network between clients and one server, that can be slow, break, or swallow what is sent. */
export class Proxy {
  private readonly pairs = new Set<Pair>();
  private latencyMs = 0;
  private swallowing = false;

  private constructor(
    private readonly server: Server,
    private readonly target: () => number,
  ) {
    server.on('connection', (near) => this.accept(near));
  }

  /** The port of the server is asked for at each connection. */
  static async start(target: () => number): Promise<Proxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Proxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Whatever is sent arrives so much later. */
  delay(ms: number): void {
    this.latencyMs = ms;
  }

  /** Every connection breaks (RST). */
  reset(): void {
    for (const pair of this.pairs) this.close(pair, true);
  }

  /**
   * Connections stay open and nothing passes, as behind a firewall that has forgotten them. Those of now never come back to
   * life; new ones work again after `mend`.
   */
  swallow(): void {
    this.swallowing = true;
    for (const pair of this.pairs) pair.dead = true;
  }

  mend(): void {
    this.swallowing = false;
    this.latencyMs = 0;
  }

  async stop(): Promise<void> {
    for (const pair of this.pairs) this.close(pair, false);
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: Socket): void {
    const far = connect({ port: this.target(), host: '127.0.0.1', noDelay: true });
    const pair: Pair = { near, far, dead: this.swallowing };
    this.pairs.add(pair);
    this.pass(near, far, pair);
    this.pass(far, near, pair);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // Of a swallowed connection the other side hears nothing.
        if (!pair.dead || socket === near) this.close(pair, false);
      });
    }
  }

  private pass(from: Socket, to: Socket, pair: Pair): void {
    let last = Promise.resolve();
    from.on('data', (bytes) => {
      if (pair.dead) return;
      if (this.latencyMs === 0 && to.writableLength < 1_000_000) {
        void last.then(() => pair.dead || to.write(bytes));
        return;
      }
      from.pause();
      last = last.then(async () => {
        await pause(this.latencyMs);
        if (!pair.dead) to.write(bytes);
        from.resume();
      });
    });
    from.on('end', () => void last.then(() => pair.dead || to.end()));
  }

  private close(pair: Pair, reset: boolean): void {
    this.pairs.delete(pair);
    for (const socket of [pair.near, pair.far]) {
      if (reset) socket.resetAndDestroy();
      else socket.destroy();
    }
  }
}
