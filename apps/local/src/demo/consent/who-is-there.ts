import type { Actor, Api } from '../../api.js';

interface Page {
  readonly items: { readonly id: string; readonly email: string | null }[];
  readonly next?: string;
}

/** Every contact a recruiter can see, by id, with its address. */
export async function whoIsThere(api: Api, recruiter: Actor, contactService: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const search = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const { body } = await api.call<Page>(recruiter, 'POST', `${contactService}/v1/contacts/search`, search);
    for (const { id, email } of body.items) found.set(id, email ?? '');
    cursor = body.next;
  } while (cursor !== undefined);
  return found;
}
