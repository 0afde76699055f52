import { ServiceError } from '#service';

/** 429: one caller, or all that ask one company, have asked too often. Which of them is not said. */
export class TooManyRequests extends ServiceError {
  readonly status = 429;

  constructor(readonly retryAfterSeconds: number) {
    super('too-many-requests', 'Too many requests. Please try again later.');
  }
}
