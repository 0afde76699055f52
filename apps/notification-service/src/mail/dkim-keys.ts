import type { KeyObject } from 'node:crypto';
import { domainToASCII } from 'node:url';
import { isFQDN } from 'class-validator';
import { ReloadedFile } from '#service';
import { readDkimKey, UnusableDkimKey } from './dkim-key.js';

/** What mails of one sender domain are signed with. */
export interface DkimKey {
  /** In lower case and ASCII (IDNA), as it stands in the mail. */
  readonly domain: string;
  /** The public key is published at <selector>._domainkey.<domain>. */
  readonly selector: string;
  readonly privateKey: KeyObject;
}

type KeysByDomain = ReadonlyMap<string, DkimKey>;

const TRUSTED_MS = 1_000;
const SELECTOR = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;

/**
 * DKIM keys from a file `{"keys":[{"domain","selector","privateKey"}]}`, one for each sender domain, `privateKey` in PEM
 * form (PKCS#8, RSA of 2048 bits or more). Every key is parsed and proven once, when the file is read. A changed file is
 * taken up within a second, without a restart; a change that cannot be used keeps the keys known so far.
 * Made by {@link DkimKeys.open}, which throws {@link UnusableDkimKey}.
 */
export class DkimKeys {
  private constructor(
    private readonly file: ReloadedFile<KeysByDomain>,
    private readonly ownDomain: string,
    private readonly trustMs: number,
  ) {}

  /** The file must have a key for `ownDomain`, also whenever it changes: there is always one to sign with. */
  static async open(path: string, ownDomain: string, { trustMs = TRUSTED_MS } = {}): Promise<DkimKeys> {
    const own = domainToASCII(ownDomain);
    const unreadable = () => new UnusableDkimKey('The DKIM keys file cannot be read.');
    const file = await ReloadedFile.open(path, parserFor(own), { name: 'DKIM keys', unreadable });
    return new DkimKeys(file, own, trustMs);
  }

  /** The key of this domain; without one, or without a domain, the key of the service's own domain. */
  async keyFor(domain?: string): Promise<DkimKey> {
    const keys = await this.file.value({ trustMs: this.trustMs });
    return keys.get(domainToASCII(domain ?? '')) ?? keys.get(this.ownDomain)!;
  }

  /** Whether mails may leave under this domain (in ASCII). */
  async has(domain: string): Promise<boolean> {
    return (await this.file.value({ trustMs: this.trustMs })).has(domain);
  }
}

/** Keys that were in the file before are not proven again: with one for each client that would take seconds. */
function parserFor(ownDomain: string): (text: string) => KeysByDomain {
  let proven = new Map<string, KeyObject>();
  return (text) => {
    const entries = listOfKeys(text).map(parseEntry);
    const read = new Map(entries.map(({ pem }) => [pem, proven.get(pem) ?? readDkimKey(pem)]));
    const keys = new Map(
      entries.map(({ domain, selector, pem }) => [domain, { domain, selector, privateKey: read.get(pem)! }]),
    );
    if (keys.size < entries.length) unusable('The DKIM keys file names a domain twice.');
    if (!keys.has(ownDomain)) unusable('The DKIM keys file has no key for MAIL_DOMAIN.');
    proven = read;
    return keys;
  };
}

function listOfKeys(text: string): unknown[] {
  try {
    const content = JSON.parse(text) as { keys?: unknown } | null;
    if (Array.isArray(content?.keys)) return content.keys as unknown[];
  } catch {
    // JSON.parse quotes the file in its message, and the file holds keys: say only that it is not JSON.
  }
  return unusable('The DKIM keys file is not JSON with a list of keys.');
}

function parseEntry(entry: unknown): { domain: string; selector: string; pem: string } {
  const { domain, selector, privateKey: pem } = (entry ?? {}) as Record<string, unknown>;
  const ascii = typeof domain === 'string' ? domainToASCII(domain) : '';
  if (!isFQDN(ascii)) return unusable('A DKIM key has no usable domain.');
  if (typeof selector !== 'string' || !SELECTOR.test(selector)) return unusable('A DKIM key has no usable selector.');
  if (typeof pem !== 'string') return unusable('A DKIM key has no privateKey.');
  return { domain: ascii, selector, pem };
}

function unusable(message: string): never {
  throw new UnusableDkimKey(message);
}
