import { createHmac, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import { KeyringFile } from '#service';
import { ContactConfig } from '../config.js';
import { TooManyRequests } from './too-many-requests.js';

const AN_HOUR_SECONDS = 3_600;
/** Who goes on after having been refused is refused without a write to the database. */
const REFUSED_FROM_MEMORY = { fromMemory: true };
export const RATE_LIMIT_TABLE = 'rate_limit';

/** Who asks, and for what. */
export interface Attempt {
  readonly tenantId: string;
  readonly emailNormalised: string;
  /** See clientKey. */
  readonly client: string;
}

/**
 * How often removal by address may be asked for, counted in the database and so over all processes. The same for
 * addresses that are known and unknown. What is stored are counters under keyed hashes, which nobody can reverse by trying
 * addresses; with another seal key they begin anew.
 */
@Injectable()
export class RateLimits {
  private readonly perClient: RateLimiterPostgres;
  private readonly perAddress: RateLimiterPostgres;
  private readonly perTenant: RateLimiterPostgres;

  constructor(
    private readonly db: DataSource,
    private readonly keyring: KeyringFile,
    config: ContactConfig,
  ) {
    this.perClient = this.limiter('client', config.REMOVAL_REQUESTS_PER_CLIENT, REFUSED_FROM_MEMORY);
    this.perAddress = this.limiter('address', config.REMOVAL_REQUESTS_PER_ADDRESS);
    this.perTenant = this.limiter('tenant', config.REMOVAL_REQUESTS_PER_TENANT, REFUSED_FROM_MEMORY);
  }

  /**
   * Counts an attempt; answers whether the address may have another mail. Throws {@link TooManyRequests} when the caller
   * or the company has reached its limit; what is refused uses up nothing of the limits behind it, so that no single caller
   * can use up those that all share. That the address has reached its own is not to be seen, nor from the time it takes: it
   * would tell that others ask for it.
   */
  async count({ tenantId, emailNormalised, client }: Attempt): Promise<{ mayHaveMail: boolean }> {
    const hash = await this.hasher();
    refuse(await consume(this.perClient, hash(client)));
    const usedUp = await consume(this.perAddress, hash(`${tenantId} ${emailNormalised}`));
    refuse(await consume(this.perTenant, hash(tenantId)));
    return { mayHaveMail: usedUp === undefined };
  }

  private limiter(keyPrefix: string, points: number, { fromMemory = false } = {}): RateLimiterPostgres {
    return new RateLimiterPostgres({
      storeClient: { query: (statement: Statement) => this.query(statement) },
      storeType: 'client',
      tableName: RATE_LIMIT_TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix,
      points,
      duration: AN_HOUR_SECONDS,
      ...(fromMemory ? { inMemoryBlockOnConsumed: points + 1 } : {}),
    });
  }

  private async query({ text, values }: Statement): Promise<{ rows: unknown[] }> {
    return { rows: await this.db.query(text, values) };
  }

  private async hasher(): Promise<(text: string) => string> {
    const { key } = await this.keyring.current();
    const own = Buffer.from(hkdfSync('sha256', key, '', 'rate-limits', 32));
    return (text) => createHmac('sha256', own).update(text).digest('base64url');
  }
}

interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

/** What the limiter says when the limit is reached. */
async function consume(limiter: RateLimiterPostgres, key: string): Promise<RateLimiterRes | undefined> {
  try {
    await limiter.consume(key);
    return undefined;
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}

function refuse(usedUp: RateLimiterRes | undefined): void {
  if (usedUp) throw new TooManyRequests(Math.max(1, Math.ceil(usedUp.msBeforeNext / 1_000)));
}
