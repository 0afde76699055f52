import { Reflector } from '@nestjs/core';

/** A controller whose routes are answered also while the database is away: they must not ask it. */
export const AnswersWithoutDatabase = Reflector.createDecorator<void, true>({ transform: () => true });
