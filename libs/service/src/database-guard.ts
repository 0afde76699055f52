import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { DatabaseLink } from './database-link.js';
import { Unavailable } from './errors.js';
import { HealthController } from './health.controller.js';

/** Answers 503 until the database is connected and its schema new enough; health routes are always answered. */
@Injectable()
export class DatabaseGuard implements CanActivate {
  constructor(private readonly database: DatabaseLink) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.database.usable || context.getClass() === HealthController) return true;
    throw new Unavailable('starting', 'The service is waiting for its database.');
  }
}
