import { Controller, Get } from '@nestjs/common';
import { AnswersWithoutDatabase, Public } from '#service';
import { SmtpCircuit } from './smtp-circuit.js';

/**
 * `/health/mail` says what is wrong with sending, with status 200: a mail server that is away is waited for, and a
 * service that were not ready because of it could not be rolled out to mend it.
 */
@Public()
@AnswersWithoutDatabase()
@Controller('health')
export class ShowMailHealth {
  constructor(private readonly circuit: SmtpCircuit) {}

  @Get('mail')
  execute(): { status: 'sending' | 'waiting'; problems: string[] } {
    const problems = this.circuit.problems();
    return { status: problems.length > 0 ? 'waiting' : 'sending', problems };
  }
}
