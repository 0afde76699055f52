import { createServer } from 'node:net';

const handedOut = new Set<number>();

/** Thrown when ports that must be used belong to another program; the message lists all of them and their settings. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken';
}

export interface WantedPort {
  port: number;
  what: string;
  /** The environment variable that moves this port. */
  setting: string;
}

/** A TCP port of 127.0.0.1 that nobody listens on now; never the same one twice in this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(0);
    if (port !== undefined && !handedOut.has(port)) {
      handedOut.add(port);
      return port;
    }
  }
}

/** Rejects with PortTaken when any of the ports cannot be listened on. */
export async function assertPortsFree(wanted: WantedPort[]): Promise<void> {
  const taken: string[] = [];
  for (const { port, what, setting } of wanted) {
    if ((await listenOnce(port)) === undefined) {
      taken.push(`  ${port} (${what}): set ${setting} to move it`);
    }
  }
  if (taken.length > 0) {
    throw new PortTaken(`Another program already listens on\n${taken.join('\n')}\nStop it or choose other ports.`);
  }
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' ? address?.port : undefined;
      server.close(() => resolve(bound));
    });
  });
}
