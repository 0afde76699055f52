import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { safeError } from '#messaging';
import { Unauthorized } from './access/unauthorized.js';
import { RefusedAttempts } from './audit/refused-attempts.js';
import { Unavailable } from './errors.js';
import { problemOf } from './problem.js';

const RETRY_AFTER_SECONDS = '5';

/**
 * Turns everything that is thrown on the way of a request into a {@link problemOf | problem} answer, also what the
 * body parser and the router throw before a handler is found. Only 5xx are logged here, without their messages: as errors,
 * unless it was our decision not to answer now. What a known caller was refused is recorded before it is answered.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly refusedAttempts: RefusedAttempts) {}

  async catch(error: unknown, host: ArgumentsHost): Promise<void> {
    const response = host.switchToHttp().getResponse<Response>();
    const problem = problemOf(error);
    if (problem.status >= 500) this.tell(problem.status, error);
    await this.refusedAttempts.record(host.switchToHttp().getRequest<Request>(), problem);
    if (response.headersSent) {
      // Half an answer must not look like a whole one.
      response.destroy();
      return;
    }
    if (error instanceof Unauthorized) response.setHeader('WWW-Authenticate', error.challenge);
    if (problem.status === 503) response.setHeader('Retry-After', RETRY_AFTER_SECONDS);
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  private tell(status: number, error: unknown): void {
    const line = { msg: 'request failed', status, error: safeError(error) };
    if (error instanceof Unavailable) this.logger.warn(line);
    else this.logger.error(line);
  }
}
