import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MailInbox } from '#local';

/** The three answers of Mailpit's API that the demo asks for, given out of the inbox that the tests have. */
export async function asMailpit(inbox: MailInbox): Promise<{ url: string; stop(): void }> {
  const answer = async (path: string, query: string): Promise<string> => {
    if (path.endsWith('/raw')) return inbox.source(path.split('/').at(-2)!);
    const to = /^to:"(.+)"$/.exec(query)?.[1];
    const mails = to === undefined ? [] : await inbox.messages({ to });
    return JSON.stringify({ messages: mails.map(({ id }) => ({ ID: id, Created: '' })).toReversed() });
  };
  const server: Server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://inbox');
    void answer(decodeURIComponent(pathname), searchParams.get('query') ?? '').then((text) => response.end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}
