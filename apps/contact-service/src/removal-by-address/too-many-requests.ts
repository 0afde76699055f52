import { ServiceError } from '#service';

/** 429. Which limit was reached is not said: it would tell that others ask for the same address. */
export class TooManyRequests extends ServiceError {
  readonly status = 429;

  constructor(readonly retryAfterSeconds: number) {
    super('too-many-requests', 'Too many requests. Please try again later.');
  }
}
