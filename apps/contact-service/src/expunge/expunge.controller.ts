import { Controller, Delete, Get, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Caller, Roles, TenantCaller, UuidParam } from '#service';
import { type AccountDeleted, DeleteAccount } from './delete-account.js';
import { ExpungeContact } from './expunge-contact.js';
import { ReadRemoval, type RemovalView } from './read-removal.js';
import type { Expunging } from './request-expunge.js';

@Controller('v1')
export class ExpungeController {
  constructor(
    private readonly deleteAccount: DeleteAccount,
    private readonly expungeContact: ExpungeContact,
    private readonly readRemoval: ReadRemoval,
  ) {}

  /** 202 when the removal everywhere has begun, 200 when the contact is disabled. */
  @Delete('account')
  @Roles('candidate')
  async delete(
    @Caller() caller: TenantCaller,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AccountDeleted> {
    const answer = await this.deleteAccount.execute(caller);
    if (answer.outcome === 'expunging') response.status(202).location(answer.statusUrl);
    return answer;
  }

  @Post('contacts/:id/expunge')
  @Roles('recruiter')
  @HttpCode(202)
  async expunge(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Expunging> {
    const answer = await this.expungeContact.execute(caller.tenantId, id);
    response.location(answer.statusUrl);
    return answer;
  }

  @Get('contacts/:id/removal')
  @Roles('recruiter', 'privacy-officer')
  removal(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<RemovalView> {
    return this.readRemoval.execute(caller.tenantId, id);
  }
}
