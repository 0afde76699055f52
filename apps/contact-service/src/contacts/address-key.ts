import { domainToASCII } from 'node:url';
import { normaliseAddress } from '#service';

const ASCII_ONLY = /^\p{ASCII}*$/u;

/**
 * The form by which addresses of contacts are looked up, kept apart and hashed for the ledger. As certificates commit to it, but
 * the domain as DNS knows it (UTS #46): a mail program writes `xn--mller-kva.de` where a person types `müller.de`, and who was
 * removed by one must not come back by the other. A domain that DNS cannot know stays as it is.
 */
export function addressKey(address: string): string {
  const normalised = normaliseAddress(address);
  const at = normalised.lastIndexOf('@') + 1;
  const domain = normalised.slice(at);
  if (at === 0 || ASCII_ONLY.test(domain)) return normalised;
  return normalised.slice(0, at) + (domainToASCII(domain) || domain);
}
