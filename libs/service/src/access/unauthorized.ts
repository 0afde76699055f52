import { ServiceError } from '../errors.js';

const NO_TENANT = 'The token is genuine, but names no tenant: its claim tenant_id must be a UUID.';

/**
 * 401 with the challenge of RFC 6750, section 3: without a token only the scheme, otherwise `invalid_token`. Only who
 * holds a genuine token is told what it lacks.
 */
export class Unauthorized extends ServiceError {
  readonly status = 401;

  constructor(private readonly reason: 'no-token' | 'invalid-token' | 'no-tenant') {
    super('unauthorized', 'A valid access token is needed.', reason === 'no-tenant' ? NO_TENANT : undefined);
  }

  get challenge(): string {
    return this.reason === 'no-token' ? 'Bearer' : 'Bearer error="invalid_token"';
  }
}
