import { applyDecorators, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Answers, PageHeaders, readForm, Summary, TakesForm } from '#service';
import { type Answer, readAnswer } from './answer.decision.js';
import { type Asked, chooseLanguage } from './choose-language.js';
import { formPage, type Notice } from './form-page.js';
import type { FormView } from './form-view.js';
import { GiveConsent } from './give-consent.js';
import { OptInFormFields } from './opt-in-form-fields.js';
import { RemoveByForm } from './remove-by-form.js';
import { ShowOptInForm } from './show-opt-in-form.js';

const PAGE = { contentType: 'text/html' };

const Page = (): MethodDecorator =>
  applyDecorators(
    PageHeaders({ forms: true }),
    Answers(200, undefined, { ...PAGE, description: 'What can be decided, or has been.' }),
    Answers(404, undefined, { ...PAGE, description: 'There is no such link.' }),
    Answers(410, undefined, { ...PAGE, description: 'The link has expired or is not valid any more.' }),
  );

/** For the person who was asked to opt in: no login, the unguessable address is the key. Says nothing about who it is. */
@Controller('o/:token')
export class OptInFormController {
  constructor(
    private readonly showForm: ShowOptInForm,
    private readonly giveConsent: GiveConsent,
    private readonly removeByForm: RemoveByForm,
  ) {}

  @Get()
  @Page()
  @Summary('The form behind the link of an opt-in mail. Changes nothing.')
  async show(
    @Param('token') token: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    return page(request, response, { view: await this.showForm.execute(token) });
  }

  @Post()
  @HttpCode(200)
  @Page()
  @TakesForm(OptInFormFields)
  @Answers(200, undefined, {
    contentType: 'text/plain',
    description: 'To a mail program that unsubscribes (RFC 8058).',
  })
  @Answers(409, undefined, { ...PAGE, description: 'The answer came too late: the removal has begun.' })
  @Answers(422, undefined, { ...PAGE, description: 'The form again, with what is missing.' })
  @Summary('Opts in, declines or removes; List-Unsubscribe=One-Click declines.')
  async answer(
    @Param('token') token: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const answer = readAnswer(await readForm(request));
    if ('problem' in answer) {
      const view = await this.showForm.execute(token);
      return page(request, response, { view, notice: answer.problem });
    }
    const answered = await this.carryOut(token, answer, askedBy(request));
    if ('how' in answer && answer.how === 'one-click') return unsubscribed(response);
    return page(request, response, answered);
  }

  private async carryOut(token: string, answer: Answer, asked: Asked): Promise<Shown> {
    if (answer.decision === 'remove') return { view: await this.removeByForm.execute(token) };
    return this.giveConsent.execute(token, answer, asked);
  }
}

interface Shown {
  readonly view: FormView;
  readonly notice?: Notice;
}

/** The same whatever the link is: there are no mails to whoever is gone, and a mail program can do nothing about the rest. */
function unsubscribed(response: Response): string {
  response.status(200).type('text');
  return 'You receive no further mails of this kind.\n';
}

function page(request: Request, response: Response, { view, notice }: Shown): string {
  response.status(statusOf(view, notice)).type('html');
  const language = chooseLanguage(askedBy(request), 'company' in view ? view : undefined);
  const removing = notice === 'not-confirmed' || (notice === undefined && request.query.page === 'remove');
  return formPage({ view, language, removing, notice });
}

function statusOf({ page: shown }: FormView, notice: Notice | undefined): number {
  if (shown === 'unknown') return 404;
  if (shown === 'void' || shown === 'expired') return 410;
  if (notice === 'too-late') return 409;
  return shown === 'open' && notice !== undefined ? 422 : 200;
}

/** Mail programs put parameters of their own behind links, so others than ours are not refused. */
const askedBy = (request: Request): Asked => ({ chosen: request.query.lang, accepted: request.acceptsLanguages() });
