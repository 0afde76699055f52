import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

// The receiving mail server of mail-sink.ts, in a process of its own, so that what it costs is counted apart. It tells over
// IPC: its port, now and then how many mails it has accepted, when one for an awaited address was, and the first mail.
const TELL_MS = 20;
const awaited = new Set<string>();
let accepted = 0;
let told = 0;
let first: Buffer[] | undefined = [];

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  logger: false,
  onData(stream, session, done) {
    const kept = first;
    first = undefined;
    if (kept) stream.on('data', (piece: Buffer) => kept.push(piece));
    else stream.resume();
    // The envelope is emptied with the answer.
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    stream.on('end', () => {
      done();
      accepted += 1;
      const at = String(process.hrtime.bigint());
      if (kept) tell({ first: Buffer.concat(kept).toString() });
      for (const address of recipients) if (awaited.delete(address)) tell({ address, at });
    });
  },
});

process.on('message', ({ awaits }: { awaits: string }) => awaited.add(awaits));
// Ends with the benchmark, however that ends.
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => tell({ port: (server.server.address() as AddressInfo).port }));
setInterval(() => {
  if (accepted === told) return;
  told = accepted;
  tell({ accepted });
}, TELL_MS);

function tell(what: object): void {
  process.send!(what);
}
