import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A bare conversation with an SMTP server, as a foreign mail server has it. */
export class SmtpTalk {
  private text = '';

  private constructor(private readonly socket: Socket) {
    socket.on('data', (piece: Buffer) => (this.text += piece.toString()));
    socket.on('error', () => undefined);
  }

  static async with(port: number): Promise<SmtpTalk> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const talk = new SmtpTalk(socket);
    await talk.reply();
    return talk;
  }

  /** Sends the lines and gives the first line of the last reply. */
  async say(...lines: string[]): Promise<string> {
    return (await this.sayAll(lines)).at(-1)!;
  }

  /** Sends all lines at once (RFC 2920) and gives the first line of each reply. */
  async sayAll(lines: readonly string[]): Promise<string[]> {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(''));
    const replies: string[] = [];
    while (replies.length < lines.length) replies.push(await this.reply());
    return replies;
  }

  /** The whole of a mail behind DATA, and what is answered. */
  async data(raw: string): Promise<string> {
    const begun = await this.say('DATA');
    if (!begun.startsWith('354')) return begun;
    this.socket.write(`${raw.replaceAll(/\r?\n/g, '\r\n').replaceAll(/^\./gm, '..')}\r\n.\r\n`);
    return this.reply();
  }

  close(): void {
    this.socket.destroy();
  }

  private async reply(): Promise<string> {
    for (;;) {
      const end = /^\d{3}(?: .*)?\r\n/m.exec(this.text);
      if (end) {
        const all = this.text.slice(0, end.index + end[0].length);
        this.text = this.text.slice(all.length);
        return all.split('\r\n')[0]!;
      }
      if (this.socket.closed || this.socket.readableEnded) return '(closed)';
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
  }
}

/** A report to a return path, from nobody, as servers send them; what the server answers to its end. */
export async function report(port: number, to: string, raw: string, from = ''): Promise<string> {
  const talk = await SmtpTalk.with(port);
  try {
    await talk.say('EHLO mx.example');
    await talk.say(`MAIL FROM:<${from}>`);
    const recipient = await talk.say(`RCPT TO:<${to}>`);
    return recipient.startsWith('250') ? await talk.data(raw) : recipient;
  } finally {
    talk.close();
  }
}
