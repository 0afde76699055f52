import { createHash } from 'node:crypto';
import { applyDecorators, Header } from '@nestjs/common';
import { Eta } from 'eta';

/** Contrasts are 7:1 or more, what is pressed is 24 px high or more. Works in both directions: nothing says left or right. */
const STYLE = `
body { font: 1.0625rem/1.5 system-ui, "DejaVu Sans", sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.25; } h2 { font-size: 1.25rem; line-height: 1.3; margin: 2rem 0 .5rem; } p { margin: .75rem 0; }
dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0; } a { color: #0b4f9e; } :is(p, dd) > a:only-child { display: inline-block; padding-block: .25rem; }
button { font: inherit; font-weight: 600; padding: .75rem 1.25rem; border: 2px solid #0b4f9e; border-radius: .25rem; color: #fff; background: #0b4f9e; cursor: pointer; }
button.second { color: #0b4f9e; background: #fff; } button.danger { background: #98101f; border-color: #98101f; }
button:focus-visible, a:focus-visible, input:focus-visible, [tabindex]:focus-visible { outline: 3px solid #1b1b1f; outline-offset: 2px; }
.box { display: flex; gap: .75rem; align-items: flex-start; } .box label { padding-block: .125rem; cursor: pointer; }
.box input { flex: none; width: 1.75rem; height: 1.75rem; margin: 0; accent-color: #0b4f9e; cursor: pointer; }
.error { color: #98101f; font-weight: 600; }
.notice { border: 3px solid #98101f; border-radius: .25rem; padding: .5rem 1rem; margin-block: 1rem 1.5rem; } .notice h2 { margin: .25rem 0; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 2.5rem 0 0; padding: .75rem 0 0; border-top: 1px solid #767680; }
nav a { display: inline-block; padding-block: .25rem; }
`;

/** Of the scripts in use today; what is not here is written from left to right. */
const RIGHT_TO_LEFT = ['ar', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi'];

const eta = new Eta({ autoEscape: true, cache: true });

eta.loadTemplate(
  '@layout',
  `<!doctype html>
<html lang="<%= it.language %>"<% if (it.rightToLeft) { %> dir="rtl"<% } %>>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<% if (it.refreshSeconds) { %><meta http-equiv="refresh" content="<%= it.refreshSeconds %>"><% } %>
<title><%= it.documentTitle ?? it.title %></title>
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
  /** What the browser's tab and history say, and screen readers say first; the title unless said. */
  readonly documentTitle?: string;
  /** Markup, made by a template engine that escapes. */
  readonly body: string;
  readonly refreshSeconds?: number;
}

/** A page for a person without a login: plain markup, no scripts, nothing loaded from anywhere. */
export function renderPage(parts: PageParts): string {
  const rightToLeft = RIGHT_TO_LEFT.includes(parts.language.split('-')[0]!);
  return eta.render('@layout', { ...parts, rightToLeft, style: STYLE });
}

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
