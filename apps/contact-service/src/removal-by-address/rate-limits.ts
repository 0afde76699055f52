import { createHmac, hkdfSync } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import { DataSource } from 'typeorm';
import { KeyringFile } from '#service';
import { ContactConfig } from '../config.js';
import { TooManyRequests } from './too-many-requests.js';

const AN_HOUR_SECONDS = 3_600;
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
    this.perClient = this.limiter('client', config.REMOVAL_REQUESTS_PER_CLIENT);
    this.perAddress = this.limiter('address', config.REMOVAL_REQUESTS_PER_ADDRESS);
    this.perTenant = this.limiter('tenant', config.REMOVAL_REQUESTS_PER_TENANT);
  }

  /**
   * Counts an attempt. Throws {@link TooManyRequests} when a limit is reached; what is refused uses up nothing of the
   * limits behind it, so that no single caller can use up those that all share.
   */
  async count({ tenantId, emailNormalised, client }: Attempt): Promise<void> {
    const hash = await this.hasher();
    await consume(this.perClient, hash(client));
    await consume(this.perAddress, hash(`${tenantId} ${emailNormalised}`));
    await consume(this.perTenant, hash(tenantId));
  }

  private limiter(keyPrefix: string, points: number): RateLimiterPostgres {
    return new RateLimiterPostgres({
      storeClient: { query: (statement: Statement) => this.query(statement) },
      storeType: 'client',
      tableName: RATE_LIMIT_TABLE,
      tableCreated: true,
      clearExpiredByTimeout: false,
      keyPrefix,
      points,
      duration: AN_HOUR_SECONDS,
      // Who goes on after having been refused is refused from memory, without a write to the database.
      inMemoryBlockOnConsumed: points + 1,
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

async function consume(limiter: RateLimiterPostgres, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (refused) {
    if (refused instanceof RateLimiterRes)
      throw new TooManyRequests(Math.max(1, Math.ceil(refused.msBeforeNext / 1_000)));
    throw refused;
  }
}
