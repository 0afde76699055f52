import { ServiceError } from '../errors.js';

/** 401 with the challenge of RFC 6750, section 3: without a token only the scheme, otherwise `invalid_token`. */
export class Unauthorized extends ServiceError {
  readonly status = 401;

  constructor(private readonly reason: 'no-token' | 'invalid-token') {
    super('unauthorized', 'A valid access token is needed.');
  }

  get challenge(): string {
    return this.reason === 'no-token' ? 'Bearer' : 'Bearer error="invalid_token"';
  }
}
