import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { type KeyringFile, type SealKey } from '#service';
import { addressKey } from '../contacts/address-key.js';

const MOST_REMEMBERED = 1_000;

/**
 * Turns addresses into what the ledger keeps of them: HMAC-SHA-256 of its key form under a key of the company's
 * own, derived (HKDF, RFC 5869) from one key of this service. Without that key nobody can find out an address by trying,
 * and the hashes of two companies cannot be compared. The key never changes: with another one no entry would be found.
 */
export class SuppressionKeys {
  private readonly ofTenants = new Map<string, KeyObject>();

  private constructor(private readonly master: SealKey) {}

  /** From a file of the form of the seal keyring; read once. */
  static async from(file: KeyringFile): Promise<SuppressionKeys> {
    return new SuppressionKeys(await file.current());
  }

  /** 43 characters of base64url. */
  hash(tenantId: string, address: string): string {
    return createHmac('sha256', this.keyOf(tenantId)).update(addressKey(address), 'utf8').digest('base64url');
  }

  private keyOf(tenantId: string): KeyObject {
    const known = this.ofTenants.get(tenantId);
    if (known) return known;
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', this.master.key, tenantId, 'suppression', 32)));
    if (this.ofTenants.size >= MOST_REMEMBERED) this.ofTenants.clear();
    this.ofTenants.set(tenantId, key);
    return key;
  }
}
