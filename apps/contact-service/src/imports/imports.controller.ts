import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Answers, Caller, Refuses, ServiceError, Summary, TakesFile, TenantCaller, UuidParam } from '#service';
import { CancelImport } from './cancel-import.js';
import { ImportView } from './import-view.js';
import { Imports, ImportsPage, ListImports } from './list-imports.js';
import { ReadImport } from './read-import.js';
import { UndoImport } from './undo-import.js';
import { NewImport, UploadImport } from './upload-import.js';

/** The character set only if it is one that can be read; which one it really is, the file itself tells. */
const CSV = /^text\/csv *(; *(charset="?(utf-8|utf-16|utf-16le|us-ascii|iso-8859-1|windows-1252)"?|header=\w+) *)*$/i;

class NotCsv extends ServiceError {
  readonly status = 415;

  constructor() {
    super('unsupported-media-type', 'The request body must be text/csv in UTF-8, UTF-16 or Windows-1252.');
  }
}

/** Bulk import of CSV files. */
@Controller('v1/imports')
export class ImportsController {
  constructor(
    private readonly uploadImport: UploadImport,
    private readonly listImports: ListImports,
    private readonly readImport: ReadImport,
    private readonly cancelImport: CancelImport,
    private readonly undoImport: UndoImport,
  ) {}

  @Post()
  @HttpCode(202)
  @Summary('Takes a CSV file and imports its rows; a file whose structure is broken is refused as a whole.')
  @TakesFile('text/csv')
  @Answers(202, ImportView)
  @Refuses(409, 422)
  async upload(
    @Caller() caller: TenantCaller,
    @Query() about: NewImport,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<ImportView> {
    if (!CSV.test(request.header('content-type') ?? '')) throw new NotCsv();
    try {
      const view = await this.uploadImport.execute(caller, about, request);
      response.location(`/v1/imports/${view.id}`);
      return view;
    } finally {
      // What is not read any more is let in all the same, or its sender would never read the answer.
      request.resume();
    }
  }

  @Get()
  @Summary('The imports of the client company, the newest first.')
  @Answers(200, Imports)
  list(@Caller() caller: TenantCaller, @Query() page: ImportsPage): Promise<Imports> {
    return this.listImports.execute(caller.tenantId, page);
  }

  @Get(':id')
  @Summary('How far an import is.')
  @Answers(200, ImportView)
  read(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<ImportView> {
    return this.readImport.execute(caller.tenantId, id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Summary('Stops an import after the rows under way; what is imported stays.')
  @Answers(200, ImportView)
  @Refuses(409)
  cancel(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<ImportView> {
    return this.cancelImport.execute(caller, id);
  }

  @Post(':id/undo')
  @HttpCode(202)
  @Summary(
    'Removes all contacts of an import again, or only disables them while expunge is off; refused once one was asked to opt in.',
  )
  @Answers(202, ImportView)
  @Refuses(409)
  undo(@Caller() caller: TenantCaller, @UuidParam('id') id: string): Promise<ImportView> {
    return this.undoImport.execute(caller, id);
  }
}
