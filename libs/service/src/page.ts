import { createHash } from 'node:crypto';
import { applyDecorators, Header } from '@nestjs/common';
import { Eta } from 'eta';

const STYLE = `
body { font: 1.0625rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; background: #fff; overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0; } a { color: #0b4f9e; }
button { font: inherit; font-weight: 600; padding: .75rem 1.25rem; border: 2px solid #0b4f9e; border-radius: .25rem; color: #fff; background: #0b4f9e; cursor: pointer; }
button:focus-visible, a:focus-visible { outline: 3px solid #1b1b1f; outline-offset: 2px; }
`;

const eta = new Eta({ autoEscape: true, cache: true });

eta.loadTemplate(
  '@layout',
  `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<% if (it.refreshSeconds) { %><meta http-equiv="refresh" content="<%= it.refreshSeconds %>"><% } %>
<title><%= it.title %></title>
<style><%~ it.style %></style>
</head>
<body>
<main>
<h1><%= it.title %></h1>
<%~ it.body %>
</main>
</body>
</html>
`,
);

export interface PageParts {
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  /** Markup, made by a template engine that escapes. */
  readonly body: string;
  readonly refreshSeconds?: number;
}

/** A page for a person without a login: plain markup, no scripts, nothing loaded from anywhere. */
export const renderPage = (parts: PageParts): string => eta.render('@layout', { ...parts, style: STYLE });

/**
 * The headers of such a page: kept by nobody, found by no search engine, its address passed on to nobody; nothing is loaded,
 * run or framed, and the one style is known by its hash. With `forms` it may send one to its own service.
 */
export const PageHeaders = ({ forms = false } = {}): MethodDecorator =>
  applyDecorators(
    Header('Cache-Control', 'no-store'),
    Header('Referrer-Policy', 'no-referrer'),
    Header('X-Robots-Tag', 'noindex, nofollow'),
    Header('Content-Security-Policy', policy(forms)),
    Header('Vary', 'Accept, Accept-Language'),
  );

const policy = (forms: boolean): string =>
  [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "base-uri 'none'",
    `form-action ${forms ? "'self'" : "'none'"}`,
    "frame-ancestors 'none'",
  ].join('; ');
