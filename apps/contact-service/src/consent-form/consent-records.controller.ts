import { Controller, Get, Query } from '@nestjs/common';
import { Answers, Caller, Summary, TenantCaller, UuidParam } from '#service';
import { ConsentRecords, ConsentRecordsPage } from './consent-record-view.js';
import { ListConsentRecords } from './list-consent-records.js';

@Controller('v1/contacts/:id/consent-records')
export class ConsentRecordsController {
  constructor(private readonly listConsentRecords: ListConsentRecords) {}

  @Get()
  @Summary('What a person has decided and which words were shown, also after the contact is erased.')
  @Answers(200, ConsentRecords)
  list(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Query() page: ConsentRecordsPage,
  ): Promise<ConsentRecords> {
    return this.listConsentRecords.execute(caller.tenantId, id, page);
  }
}
