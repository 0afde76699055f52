import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { ConsentView } from './consent-view.js';
import { ConsentRequests, ConsentRequestsPage, ListConsentRequests } from './list-consent-requests.js';
import { ReadConsent } from './read-consent.js';
import { AskingStopped, ContactsToStop, StopAsking } from './stop-asking.js';

/** What the client's own people see of asking contacts to opt in, and how they stop it. */
@Controller('v1')
export class ConsentRequestsController {
  constructor(
    private readonly readConsent: ReadConsent,
    private readonly listConsentRequests: ListConsentRequests,
    private readonly stopAsking: StopAsking,
  ) {}

  @Get('contacts/:id/consent')
  @Summary('Whether a contact was asked to opt in and has answered, and all that was sent and decided, oldest first.')
  @Answers(200, ConsentView)
  @Refuses(410)
  read(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<ConsentView> {
    return this.readConsent.execute(caller, id);
  }

  @Get('consent-requests')
  @Summary('The contacts a workflow has asked to opt in, where they stand, and how many stand where.')
  @Answers(200, ConsentRequests)
  list(@Caller() caller: TenantCaller, @Query() page: ConsentRequestsPage): Promise<ConsentRequests> {
    return this.listConsentRequests.execute(caller, page);
  }

  @Post('consent-requests/stop')
  @HttpCode(200)
  @Summary('Takes contacts out of the workflows that ask them: no further mail, no removal for silence.')
  @Answers(200, AskingStopped)
  stop(@Caller() caller: TenantCaller, @Body() contacts: ContactsToStop): Promise<AskingStopped> {
    return this.stopAsking.execute(caller, contacts);
  }
}
