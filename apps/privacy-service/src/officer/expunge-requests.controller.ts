import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { CERTIFICATE_FILE, certificateFile } from '../certificate/certificate-file.js';
import { FetchCertificate } from './fetch-certificate.js';
import { ListRequests, RequestFilter, RequestPage } from './list-requests.js';
import { RequestDetails } from './request-details.js';
import { ShowRequest } from './show-request.js';

/** For the privacy officer of a client: what waits, is due, stuck, refused, done. The tenant comes from the token only. */
@Controller('v1/expunge-requests')
export class ExpungeRequestsController {
  constructor(
    private readonly listRequests: ListRequests,
    private readonly showRequest: ShowRequest,
    private readonly fetchCertificate: FetchCertificate,
  ) {}

  @Get()
  @Summary('The removals of the own client company, newest first: those that wait, are overdue, refused, done.')
  @Answers(200, RequestPage)
  @Refuses(422)
  list(@Caller() caller: TenantCaller, @Query() filter: RequestFilter): Promise<RequestPage> {
    return this.listRequests.execute(caller.tenantId, filter);
  }

  @Get(':id')
  @Summary('One removal with what each service has proved.')
  @Answers(200, RequestDetails)
  show(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<RequestDetails> {
    return this.showRequest.execute(caller.tenantId, id);
  }

  @Get(':id/certificate')
  @Summary('The signed certificate of a removal; it is written down who fetched it.')
  @Answers(200, undefined, CERTIFICATE_FILE)
  async certificate(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<StreamableFile> {
    return certificateFile(await this.fetchCertificate.execute(caller, id));
  }
}
