import { Body, Controller, Get, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Caller, Roles, TenantCaller } from '#service';
import type { ContactView } from '../contacts/contact.js';
import { SignUpDetails } from '../contacts/contact-details.js';
import { ReadAccount } from './read-account.js';
import { SignUp } from './sign-up.js';

/** The career site on behalf of its signed-in candidate. */
@Roles('candidate')
@Controller('v1/account')
export class AccountController {
  constructor(
    private readonly signUp: SignUp,
    private readonly readAccount: ReadAccount,
  ) {}

  @Post()
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
  read(@Caller() caller: TenantCaller): Promise<ContactView> {
    return this.readAccount.execute(caller);
  }
}
