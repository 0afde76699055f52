import { waitUntil } from '../wait-until.js';

interface Found {
  readonly messages: readonly { readonly ID: string; readonly Created: string }[];
}

export interface Inbox {
  /** The first mail to that address since `openMailpit` was called; rejects after `timeoutMs`. */
  waitForMail(to: string, timeoutMs: number): Promise<{ id: string }>;
  /** The mail as it came over SMTP. */
  source(id: string): Promise<string>;
}

/** Reads the inbox of docker-compose.yml (Mailpit); what lay in it before does not count. Rejects when nothing answers. */
export async function openMailpit(url: string): Promise<Inbox> {
  const before = new Set((await ask<Found>(`${url}/api/v1/messages?limit=10000`)).messages.map(({ ID }) => ID));
  const newest = async (to: string): Promise<{ id: string } | undefined> => {
    const query = encodeURIComponent(`to:"${to}"`);
    const { messages } = await ask<Found>(`${url}/api/v1/search?limit=100&query=${query}`);
    const found = messages.findLast(({ ID }) => !before.has(ID));
    return found && { id: found.ID };
  };
  return {
    waitForMail: (to, timeoutMs) => waitUntil(() => newest(to), { what: 'the mail arrives in the inbox', timeoutMs }),
    source: async (id) => (await answer(`${url}/api/v1/message/${encodeURIComponent(id)}/raw`)).text(),
  };
}

const ask = async <T>(url: string): Promise<T> => (await (await answer(url)).json()) as T;

async function answer(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`the inbox answered ${response.status}`);
  return response;
}
