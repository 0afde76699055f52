import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** A receiving mail server that accepts everything, keeps nothing, and tells when it accepted a mail for an address. */
export interface MailSink {
  readonly smtpUrl: string;
  readonly accepted: number;
  /** Resolves to the time (performance.now()) at which a mail for this address was accepted. */
  acceptedFor(address: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startMailSink(): Promise<MailSink> {
  const waiting = new Map<string, (at: number) => void>();
  let accepted = 0;
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData(stream, session, done) {
      stream.resume();
      // The envelope is emptied with the answer.
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      stream.on('end', () => {
        done();
        accepted += 1;
        for (const address of recipients) waiting.get(address)?.(performance.now());
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    smtpUrl: `smtp://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    acceptedFor: (address) => new Promise((resolve) => waiting.set(address, resolve)),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
