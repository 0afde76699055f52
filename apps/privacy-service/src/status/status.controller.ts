import { Controller, Get, Header, Param, Query, Req, Res, type StreamableFile } from '@nestjs/common';
import { IsIn, IsOptional } from 'class-validator';
import type { Request, Response } from 'express';
import { Answers, NotFound, PageHeaders, Summary } from '#service';
import { CERTIFICATE_FILE, certificateFile } from '../certificate/certificate-file.js';
import { RemovalStatus } from './removal-status.js';
import { ShowStatus } from './show-status.js';
import { notFoundPage, statusPage } from './status-page.js';
import { type Language, LANGUAGES } from './status-texts.js';

export class StatusQuery {
  @IsOptional() @IsIn(LANGUAGES) lang?: Language;
  /** `off` keeps the page still, for readers whom a changing page disturbs (WCAG 2.2.1). */
  @IsOptional() @IsIn(['off']) refresh?: 'off';
}

const PAGE = { contentType: 'text/html' };

/** For the person whose data is removed: no login, the unguessable address is the key. Shows nothing personal. */
@Controller('status')
export class StatusController {
  constructor(private readonly showStatus: ShowStatus) {}

  @Get(':token')
  @Summary('How far a removal is: a page for the person it is about, or JSON (Accept).')
  @Answers(200, RemovalStatus)
  @Answers(200, undefined, PAGE)
  @Answers(404, undefined, { ...PAGE, description: 'There is nothing here, or not yet.' })
  @PageHeaders()
  async show(
    @Param('token') token: string,
    @Query() { lang, refresh }: StatusQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<unknown> {
    const status = await this.showStatus.execute(token);
    if (request.accepts(['html', 'json']) === 'json') {
      if (!status) throw new NotFound('not-found', 'There is nothing here.', MAYBE_SOON);
      return status;
    }
    const page = { language: lang ?? languageOf(request), refresh: refresh !== 'off' };
    response.status(status ? 200 : 404).type('html');
    return status ? statusPage({ token, status, ...page }) : notFoundPage(page);
  }

  @Get(':token/certificate')
  @Summary('The signed certificate of a removal, once it is complete.')
  @Answers(200, undefined, CERTIFICATE_FILE)
  @Header('Cache-Control', 'no-store')
  @Header('Referrer-Policy', 'no-referrer')
  @Header('X-Robots-Tag', 'noindex, nofollow')
  async certificate(@Param('token') token: string): Promise<StreamableFile> {
    const certificate = await this.showStatus.certificate(token);
    if (certificate === undefined) throw new NotFound();
    return certificateFile(certificate);
  }
}

/** The address is given out before this service has heard of the removal. */
const MAYBE_SOON = 'A removal that was requested only a moment ago appears here shortly.';

const languageOf = (request: Request): Language => (request.acceptsLanguages([...LANGUAGES]) || 'en') as Language;
