import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Answers, Caller, Refuses, Summary, TenantCaller } from '#service';
import { ContactView } from '../contacts/contact-view.js';
import { SignUpDetails } from '../contacts/contact-details.js';
import { ReadAccount } from './read-account.js';
import { SignUp } from './sign-up.js';

/** The career site on behalf of its signed-in candidate. */
@Controller('v1/account')
export class AccountController {
  constructor(
    private readonly signUp: SignUp,
    private readonly readAccount: ReadAccount,
  ) {}

  @Post()
  @Summary('Signs the candidate up, or back in after a soft delete.')
  @Answers(201, ContactView)
  @Answers(200, ContactView, { description: 'There was an account already.' })
  @Refuses(409)
  async create(
    @Caller() caller: TenantCaller,
    @Body() details: SignUpDetails,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ContactView> {
    const { created, contact } = await this.signUp.execute(caller, details);
    response.status(created ? 201 : 200).location('/v1/account');
    return contact;
  }

  @Get()
  @Summary('The own account.')
  @Answers(200, ContactView)
  @Refuses(404, 410)
  read(@Caller() caller: TenantCaller): Promise<ContactView> {
    return this.readAccount.execute(caller);
  }
}
