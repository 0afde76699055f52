import { Controller, Get } from '@nestjs/common';
import { IsIn, IsString } from 'class-validator';
import { Answers, AnswersWithoutDatabase, Example, Summary } from '#service';
import { NotificationConfig } from '../config.js';
import { SmtpCircuit } from './smtp-circuit.js';

const DEAF =
  'bounces: nobody can tell of mails that come back, and who does not answer them is removed all the same; set BOUNCE_SMTP_PORT or MAIL_HOOK_SECRET_FILE';

/** What is wrong with sending; empty when nothing is. */
@Example({ status: 'waiting', problems: ['smtp: the mail server cannot be used (smtp-unreachable); mails wait'] })
export class MailHealth {
  @IsIn(['sending', 'waiting']) status: 'sending' | 'waiting';
  @IsString({ each: true }) problems: string[];
}

/**
 * `/health/mail` says what is wrong with sending, with status 200: a mail server that is away is waited for, and a
 * service that were not ready because of it could not be rolled out to mend it.
 */
@AnswersWithoutDatabase()
@Controller('health')
export class ShowMailHealth {
  constructor(
    private readonly circuit: SmtpCircuit,
    private readonly config: NotificationConfig,
  ) {}

  @Get('mail')
  @Summary('Whether mails are being sent, and what is wrong when they wait; always 200.')
  @Answers(200, MailHealth)
  execute(): MailHealth {
    const problems = this.circuit.problems();
    const deaf = this.config.isDeaf ? [DEAF] : [];
    return { status: problems.length > 0 ? 'waiting' : 'sending', problems: [...problems, ...deaf] };
  }
}
