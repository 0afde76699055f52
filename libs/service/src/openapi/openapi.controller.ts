import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { Routes } from '#contracts';
import { ROUTE_TABLE, RouteTable } from '../access/route-table.js';
import { AnswersWithoutDatabase } from '../answers-without-database.js';
import { Answers, Summary } from './decorators.js';
import { openApi } from './openapi.js';

/** Injection token: the name of the service. */
export const SERVICE_NAME = Symbol('service name');

/** What this service can be asked, for machines. Public facts: the same document is in the repository. */
@AnswersWithoutDatabase()
@Controller('openapi.json')
export class OpenApiController {
  private document?: object;

  constructor(
    @Inject(SERVICE_NAME) private readonly service: string,
    @Inject(ROUTE_TABLE) private readonly table: Routes,
    private readonly routes: RouteTable,
  ) {}

  @Get()
  @Summary('This document.')
  @Answers(200)
  @Header('Cache-Control', 'public, max-age=300')
  show(): object {
    this.document ??= openApi(this.service, this.routes.all(), this.table);
    return this.document;
  }
}
