import { SafeMessageError } from '#messaging';
import { ReloadedFile } from '../reloaded-file.js';

export interface SealKey {
  readonly kid: string;
  /** 32 bytes for A256GCM. */
  readonly key: Uint8Array;
}

/** The keyring file cannot be used; the message says why and holds no key. */
export class UnusableKeyring extends SafeMessageError {}

const TRUSTED_MS = 1_000;
const KID = /^[\w.-]{1,64}$/;
const KEY = /^[A-Za-z0-9_-]{43}$/;

/**
 * Seal keys from a file `{"keys":[{"kid","k"}]}`: `k` is 32 bytes as base64url, the first key seals, all open.
 * A changed file is taken up at the next use (keys that open: within a second), without a restart; a change that cannot
 * be read keeps the keys known so far. Made by {@link KeyringFile.open}, which throws {@link UnusableKeyring}.
 */
export class KeyringFile {
  private constructor(private readonly file: ReloadedFile<readonly SealKey[]>) {}

  static async open(path: string): Promise<KeyringFile> {
    const unreadable = () => new UnusableKeyring('The keyring file cannot be read.');
    return new KeyringFile(await ReloadedFile.open(path, parseKeyring, { name: 'keyring', unreadable }));
  }

  /** The key new seals are made with. */
  async current(): Promise<SealKey> {
    return (await this.file.value())[0]!;
  }

  /** A key that is known is trusted for a second before the file is looked at again: this is asked for every mail. */
  async find(kid: string): Promise<SealKey | undefined> {
    const withKid = (keys: readonly SealKey[]) => keys.find((key) => key.kid === kid);
    return withKid(await this.file.value({ trustMs: TRUSTED_MS })) ?? withKid(await this.file.value());
  }
}

function parseKeyring(text: string): SealKey[] {
  const keys = listOfKeys(text).map(parseKey);
  if (keys.length === 0) unusable('The keyring file has no key.');
  if (new Set(keys.map((key) => key.kid)).size < keys.length) unusable('The keyring file names a kid twice.');
  return keys;
}

function listOfKeys(text: string): unknown[] {
  try {
    const content = JSON.parse(text) as { keys?: unknown } | null;
    if (Array.isArray(content?.keys)) return content.keys as unknown[];
  } catch {
    // JSON.parse quotes the file in its message, and the file holds keys: say only that it is not JSON.
  }
  return unusable('The keyring file is not JSON with a list of keys.');
}

function parseKey(entry: unknown): SealKey {
  const { kid, k } = (entry ?? {}) as { kid?: unknown; k?: unknown };
  if (typeof kid !== 'string' || !KID.test(kid)) return unusable('A key of the keyring file has no usable kid.');
  if (typeof k !== 'string' || !KEY.test(k)) return unusable('A key of the keyring file is not 32 bytes as base64url.');
  return { kid, key: new Uint8Array(Buffer.from(k, 'base64url')) };
}

function unusable(message: string): never {
  throw new UnusableKeyring(message);
}
