import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AnswersWithoutDatabase } from './answers-without-database.js';
import { DatabaseLink } from './database-link.js';
import { Unavailable } from './errors.js';

/** Answers 503 until the database is connected and its schema new enough, but for routes that need no database. */
@Injectable()
export class DatabaseGuard implements CanActivate {
  constructor(
    private readonly database: DatabaseLink,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (this.database.usable || this.reflector.get(AnswersWithoutDatabase, context.getClass())) return true;
    throw new Unavailable('starting', 'The service is waiting for its database.');
  }
}
