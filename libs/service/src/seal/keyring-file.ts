import { readFile, stat } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { SafeMessageError, safeError } from '#messaging';

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
 * A changed file is taken up at the next use (keys that open: within a second), without a restart; a change that cannot be read keeps the keys known so
 * far and is logged. Made by {@link KeyringFile.open}, which throws {@link UnusableKeyring}.
 */
export class KeyringFile {
  private static readonly logger = new Logger(KeyringFile.name);
  private keys: readonly SealKey[] = [];
  private version = '';
  private lookedAt = 0;

  private constructor(private readonly path: string) {}

  static async open(path: string): Promise<KeyringFile> {
    const keyring = new KeyringFile(path);
    keyring.version = await versionOf(path);
    keyring.keys = parseKeyring(await readFile(path, 'utf8').catch(() => unusable('The keyring file cannot be read.')));
    return keyring;
  }

  /** The key new seals are made with. */
  async current(): Promise<SealKey> {
    await this.refresh();
    return this.keys[0]!;
  }

  /** A key that is known is trusted for a second before the file is looked at again: this is asked for every mail. */
  async find(kid: string): Promise<SealKey | undefined> {
    const known = this.keys.find((key) => key.kid === kid);
    if (known && performance.now() - this.lookedAt < TRUSTED_MS) return known;
    await this.refresh();
    return this.keys.find((key) => key.kid === kid);
  }

  private async refresh(): Promise<void> {
    const version = await versionOf(this.path);
    this.lookedAt = performance.now();
    if (version === this.version) return;
    // Remembered before reading: a change that cannot be read is logged once, not at every use.
    this.version = version;
    try {
      this.keys = parseKeyring(await readFile(this.path, 'utf8'));
      KeyringFile.logger.log({ msg: 'keyring read again', keys: this.keys.length });
    } catch (error) {
      KeyringFile.logger.error({ msg: 'keyring cannot be read; the known keys stay in use', error: safeError(error) });
    }
  }
}

/** A mounted secret is a link that is turned to a new file, so the inode counts as well as the time. */
async function versionOf(path: string): Promise<string> {
  return stat(path, { bigint: true }).then(
    ({ mtimeNs, size, ino }) => `${mtimeNs}-${size}-${ino}`,
    () => 'missing',
  );
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
