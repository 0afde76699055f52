import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { Caller, Roles, TenantCaller, UuidParam } from '#service';
import { certificateFile } from '../certificate/certificate-file.js';
import { FetchCertificate } from './fetch-certificate.js';
import { ListRequests, RequestFilter, type RequestPage } from './list-requests.js';
import { type RequestDetails, ShowRequest } from './show-request.js';

/** For the privacy officer of a client: what is due, stuck, refused, done. The tenant comes from the token only. */
@Roles('privacy-officer')
@Controller('v1/expunge-requests')
export class ExpungeRequestsController {
  constructor(
    private readonly listRequests: ListRequests,
    private readonly showRequest: ShowRequest,
    private readonly fetchCertificate: FetchCertificate,
  ) {}

  @Get()
  list(@Caller() caller: TenantCaller, @Query() filter: RequestFilter): Promise<RequestPage> {
    return this.listRequests.execute(caller.tenantId, filter);
  }

  @Get(':id')
  show(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<RequestDetails> {
    return this.showRequest.execute(caller.tenantId, id);
  }

  @Get(':id/certificate')
  async certificate(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<StreamableFile> {
    return certificateFile(await this.fetchCertificate.execute(caller.tenantId, id));
  }
}
