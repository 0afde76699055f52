import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Answers, Refuses, Summary, UuidParam } from '#service';
import { AskForRemoval, RemovalAsked, RemovalByAddress } from './ask-for-removal.js';
import { clientKey } from './client-key.js';
import { TooManyRequests } from './too-many-requests.js';

/** The form on a client company's career site for people without an account. */
@Controller('v1/tenants/:id/removal-requests')
export class RemovalRequestsController {
  constructor(private readonly askForRemoval: AskForRemoval) {}

  @Post()
  @HttpCode(202)
  @Summary('Asks for removal by address: whoever reads the mails of this address gets a link, if it is known.')
  @Answers(202, RemovalAsked)
  @Refuses(429)
  async ask(
    @UuidParam('id') tenantId: string,
    @Body() body: RemovalByAddress,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RemovalAsked> {
    try {
      return await this.askForRemoval.execute(tenantId, body, clientKey(request.ip));
    } catch (error) {
      if (error instanceof TooManyRequests) response.setHeader('Retry-After', String(error.retryAfterSeconds));
      throw error;
    }
  }
}
