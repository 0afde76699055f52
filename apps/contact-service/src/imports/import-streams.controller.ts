import { Controller, Get, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { Answers, Caller, Refuses, Summary, TenantCaller, UuidParam } from '#service';
import { WatchImport } from './watch-import.js';
import { ReportQuery, WriteReport } from './write-report.js';

/** What is answered bit by bit: the progress of an import, and its report. */
@Controller('v1/imports')
export class ImportStreamsController {
  constructor(
    private readonly watchImport: WatchImport,
    private readonly writeReport: WriteReport,
  ) {}

  @Get(':id/events')
  @Summary('How far an import is, as server-sent events until it has ended.')
  @Answers(200, undefined, { contentType: 'text/event-stream' })
  async events(@Caller() caller: TenantCaller, @UuidParam('id') id: string, @Res() response: Response): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const events = this.watchImport.execute(caller.tenantId, id, gone.signal);
    const first = await events.next();
    response.setHeader('Content-Type', 'text/event-stream');
    if (!first.done) response.write(first.value);
    for await (const event of events) response.write(event);
    response.end();
  }

  @Get(':id/report')
  @Summary('The rows of an import with what became of each, as CSV.')
  @Answers(200, undefined, { contentType: 'text/csv' })
  @Refuses(410)
  report(
    @Caller() caller: TenantCaller,
    @UuidParam('id') id: string,
    @Query() query: ReportQuery,
    @Res() response: Response,
  ): Promise<void> {
    return this.writeReport.execute(caller.tenantId, id, query, response);
  }
}
