import { applyDecorators, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Answers, PageHeaders, Summary } from '#service';
import { FollowRemovalLink } from './follow-removal-link.js';
import { linkPage } from './link-page.js';
import { type Language, LANGUAGES } from './link-texts.js';
import { LINK_ACTS, type LinkView } from './link-view.js';
import { ShowRemovalLink } from './show-removal-link.js';

const PAGE = { contentType: 'text/html' };

const Page = (): MethodDecorator =>
  applyDecorators(
    PageHeaders({ forms: true }),
    Answers(200, undefined, { ...PAGE, description: 'What the link does, or what has happened.' }),
    Answers(404, undefined, { ...PAGE, description: 'There is no such link.' }),
    Answers(410, undefined, { ...PAGE, description: 'The link has expired or is not valid any more.' }),
  );

/** For the person who was sent a link: no login, the unguessable address is the key. Says nothing about who it is. */
@Controller('r/:token')
export class RemovalLinkController {
  constructor(
    private readonly showLink: ShowRemovalLink,
    private readonly followLink: FollowRemovalLink,
  ) {}

  @Get()
  @Page()
  @Summary('The page behind the link of a removal mail. Changes nothing.')
  async show(
    @Param('token') token: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    return answer(request, response, await this.showLink.execute(token));
  }

  @Post()
  @HttpCode(200)
  @Page()
  @Summary('The button on that page: removes, once.')
  async follow(
    @Param('token') token: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const seen = LINK_ACTS.find((act) => act === request.query.act);
    return answer(request, response, await this.followLink.execute(token, seen));
  }
}

const STATUS: Readonly<Record<LinkView['page'], number>> = {
  offer: 200,
  expunging: 200,
  waiting: 200,
  disabled: 200,
  expired: 410,
  void: 410,
  unknown: 404,
};

function answer(request: Request, response: Response, view: LinkView): string {
  response.status(STATUS[view.page]).type('html');
  return linkPage(view, languageOf(request));
}

/** Mail programs put parameters of their own behind links, so others than ours are not refused. */
function languageOf(request: Request): Language {
  const asked = LANGUAGES.find((language) => language === request.query.lang);
  return asked ?? ((request.acceptsLanguages([...LANGUAGES]) || 'en') as Language);
}
