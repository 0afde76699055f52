import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { isUUID } from 'class-validator';
import { Answers, Refuses, Summary } from '#service';
import { NotificationConfig } from '../config.js';
import { judgeEvent } from './judge-event.decision.js';
import { type MailEvent, MailEvents, MailEventsTaken } from './mail-events.js';
import { type BouncedMail, RecordBounces } from './record-bounces.js';
import { SignedByProvider } from './signed-by-provider.js';

/** What a mail provider tells of mails it has accepted. Answered once it is written down; a repeat adds nothing. */
@Controller('hooks/mail-events')
@UseGuards(SignedByProvider)
export class ReceiveMailEvents {
  constructor(
    private readonly config: NotificationConfig,
    private readonly record: RecordBounces,
  ) {}

  @Post()
  @HttpCode(200)
  @Summary('Bounces and complaints that a mail provider tells of, signed (Standard Webhooks), up to 1,000 in one call.')
  @Answers(200, MailEventsTaken)
  @Refuses(401, 404)
  async execute(@Body() { events }: MailEvents): Promise<MailEventsTaken> {
    const bounced = events.flatMap((event) => this.bounceOf(event));
    return { received: events.length, ...(await this.record.execute(bounced)) };
  }

  private bounceOf(event: MailEvent): BouncedMail[] {
    const judged = judgeEvent(event);
    const emailId = event.emailId?.toLowerCase() ?? this.idIn(event.messageId ?? '');
    return emailId === undefined || 'ignored' in judged ? [] : [{ emailId, ...judged }];
  }

  /** A Message-ID of ours is the id of the mail in our own domain. */
  private idIn(messageId: string): string | undefined {
    const [id, domain] = messageId.replaceAll(/[<>]/g, '').toLowerCase().split('@');
    return domain === this.config.MAIL_DOMAIN.toLowerCase() && isUUID(id) ? id : undefined;
  }
}
