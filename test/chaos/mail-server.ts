import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import type { RunFolder } from './run-folder.js';

/** What the receiving server does with a mail: takes it, says "later", never answers, or breaks off after it has all of it. */
export type MailManners = 'accepts' | 'refuses' | 'hangs' | 'drops';

/** The mail server of everybody. It writes down each mail that arrived in full before it answers. */
export class MailServer {
  manners: MailManners = 'accepts';
  private readonly server: SMTPServer;

  private constructor(
    private readonly folder: RunFolder,
    private readonly onAccepted: (address: string, raw: Buffer) => void,
  ) {
    this.server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      closeTimeout: 100,
      onRcptTo: (_address, _session, done) => {
        done(this.manners === 'refuses' ? Object.assign(new Error('later'), { responseCode: 451 }) : null);
      },
      onData: (stream, session, done) => void this.receive(stream, session, done),
    });
    this.server.on('error', () => undefined);
  }

  /** `onAccepted` is told of each mail whose acceptance was sent. */
  static async start(folder: RunFolder, onAccepted: (address: string, raw: Buffer) => void): Promise<MailServer> {
    const mails = new MailServer(folder, onAccepted);
    await new Promise<void>((resolve) => mails.server.listen(0, '127.0.0.1', resolve));
    return mails;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async receive(stream: SMTPServerDataStream, session: SMTPServerSession, done: () => void): Promise<void> {
    // The envelope is emptied with the answer.
    const { mailFrom, rcptTo } = session.envelope;
    const pieces: Buffer[] = [];
    try {
      for await (const piece of stream) pieces.push(piece as Buffer);
    } catch {
      return;
    }
    const raw = Buffer.concat(pieces);
    const answered = ({ accepts: 'accepted', refuses: 'accepted', hangs: 'hung', drops: 'dropped' } as const)[
      this.manners
    ];
    const to = rcptTo[0]?.address ?? '';
    const from = mailFrom ? mailFrom.address : '';
    this.folder.note('mails', { at: Date.now(), from, to, answered, raw: raw.toString('base64') });
    if (answered === 'dropped') this.hangUp(session.id);
    if (answered !== 'accepted') return;
    done();
    this.onAccepted(to, raw);
  }

  private hangUp(sessionId: string): void {
    const { connections } = this.server as unknown as {
      connections: Set<{ id: string; _socket: { destroy(): void } }>;
    };
    for (const connection of connections) if (connection.id === sessionId) connection._socket.destroy();
  }
}
