import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string[];
  readonly raw: Buffer;
}

type Reply = number | undefined;

/** What the server does instead of accepting; a number is the reply it refuses with. */
export interface Behaviour {
  /** With it only who has logged in may send. */
  readonly login?: (user: string, password: string) => boolean;
  readonly onRcpt?: (address: string) => Reply;
  /** Called when the whole mail has arrived. 'drop' closes the connection without an answer, 'hang' never answers. */
  readonly onMail?: (mail: ReceivedMail) => Reply | 'drop' | 'hang' | Promise<void>;
}

/** A real SMTP server that keeps what it was given. */
export class MailServer {
  readonly mails: ReceivedMail[] = [];
  /** Mails that arrived in full, whatever was answered. */
  readonly seen: ReceivedMail[] = [];
  connections = 0;
  behaviour: Behaviour = {};
  private server: SMTPServer | undefined;
  port = 0;

  static async start(behaviour: Behaviour = {}): Promise<MailServer> {
    const server = new MailServer();
    server.behaviour = behaviour;
    await server.open();
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** Opens the port again after close, the same one. */
  async open(): Promise<void> {
    const server = new SMTPServer({
      authOptional: !this.behaviour.login,
      allowInsecureAuth: true,
      disabledCommands: this.behaviour.login ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
      onAuth: ({ username, password }, _session, callback) => {
        const user = username ?? '';
        if (this.behaviour.login?.(user, password ?? '')) callback(null, { user });
        else callback(Object.assign(new Error(`${username} refused`), { responseCode: 535 }));
      },
      closeTimeout: 50,
      onConnect: (_session, callback) => {
        this.connections += 1;
        callback();
      },
      onRcptTo: ({ address }, _session, callback) => {
        const refused = this.behaviour.onRcpt?.(address);
        if (refused === undefined) callback();
        else callback(replying(refused, address));
      },
      // A client that goes away in the middle of a mail has sent none.
      onData: (stream, session, callback) => void this.receive(stream, session, callback).catch(callback),
    });
    server.on('error', () => undefined);
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server) await new Promise<void>((resolve) => server.close(resolve));
  }

  /** Closes every connection without a word. */
  hangUp(): void {
    for (const { _socket } of (this.server as unknown as Connections).connections) _socket.destroy();
  }

  private async receive(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    callback: (error?: Error | null) => void,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const { mailFrom, rcptTo } = session.envelope;
    const to = rcptTo.map(({ address }) => address);
    const mail = { from: mailFrom ? mailFrom.address : '', to, raw: Buffer.concat(chunks) };
    this.seen.push(mail);
    const answer = await this.behaviour.onMail?.(mail);
    if (answer === 'hang') return;
    if (answer === 'drop') {
      for (const connection of (this.server as unknown as Connections).connections) {
        if (connection.id === session.id) connection._socket.destroy();
      }
      return;
    }
    if (typeof answer === 'number') return callback(replying(answer, to[0]!));
    this.mails.push(mail);
    callback();
  }
}

interface Connections {
  readonly connections: Set<{ id: string; _socket: { destroy(): void } }>;
}

/** Servers quote the address they refuse. */
function replying(responseCode: number, address: string): Error {
  return Object.assign(new Error(`<${address}> refused`), { responseCode });
}
