import type { Data, RequestOptIn } from '#contracts';
import { openSeal, type SealBinding } from '#service';
import { type ContactService, OPT_IN_LINK_URL } from './start.js';

/** The token of the link in the mail that asks, which only the sealed mail has. */
export async function linkOf(service: ContactService, { contactId, emailId }: Data<RequestOptIn>): Promise<string> {
  const said = await service.said(contactId);
  const mail = said.find(({ type, data }) => type === 'SendEmail' && data.emailId === emailId)!.data;
  const { linkUrl } = await openSeal(service.keyring, String(mail.sealed), mail as unknown as SealBinding);
  return linkUrl!.slice(OPT_IN_LINK_URL.length);
}
