import { Controller, Delete, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { DeleteAccount } from './delete-account.js';
import { ExpungeContact } from './expunge-contact.js';
import { ReadRemoval } from './read-removal.js';
import { ContactDisabledOnly, type ContactRemoved, RemovalAccepted } from './removal-answers.js';
import { RemovalView } from './removal-view.js';

@Controller('v1')
export class ExpungeController {
  constructor(
    private readonly deleteAccount: DeleteAccount,
    private readonly expungeContact: ExpungeContact,
    private readonly readRemoval: ReadRemoval,
  ) {}

  @Delete('account')
  @Summary('The Delete Account button.')
  @Answers(202, RemovalAccepted, { description: 'The removal everywhere has begun, or will begin.' })
  @Answers(200, ContactDisabledOnly, { description: 'The account is hidden; its data is kept.' })
  @Refuses(404)
  async delete(
    @Caller() caller: TenantCaller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ContactRemoved> {
    const answer = await this.deleteAccount.execute(caller);
    if (answer.outcome !== 'disabled') response.status(202).location(answer.statusUrl);
    return answer;
  }

  @Post('contacts/:id/expunge')
  @HttpCode(202)
  @Summary('Has a contact removed everywhere.')
  @Answers(202, RemovalAccepted)
  @Refuses(409, 410)
  async expunge(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RemovalAccepted> {
    const answer = await this.expungeContact.execute(caller, id);
    response.location(answer.statusUrl);
    return answer;
  }

  @Get('contacts/:id/removal')
  @Summary('How far the removal of a contact is, also long after it is gone.')
  @Answers(200, RemovalView)
  removal(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<RemovalView> {
    return this.readRemoval.execute(caller.tenantId, id);
  }
}
