import { createHash } from 'node:crypto';
import { Eta } from 'eta';
import { type Language, TEXTS } from './link-texts.js';
import type { LinkView } from './link-view.js';

const STYLE = `
body { font: 1.0625rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1f; background: #fff; overflow-wrap: anywhere; }
dt { font-weight: 600; margin-top: 1rem; } dd { margin: 0; } a { color: #0b4f9e; }
button { font: inherit; font-weight: 600; padding: .75rem 1.25rem; border: 2px solid #0b4f9e; border-radius: .25rem; color: #fff; background: #0b4f9e; cursor: pointer; }
button:focus-visible, a:focus-visible { outline: 3px solid #1b1b1f; outline-offset: 2px; }
`;

/** Nothing is loaded, run or framed; the form goes to this service only; the one style is known by its hash. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const eta = new Eta({ autoEscape: true, cache: true });

eta.loadTemplate(
  '@page',
  `<!doctype html>
<html lang="<%= it.language %>">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<title><%= it.texts.title[it.view.page] %></title>
<style><%~ it.style %></style>
</head>
<body>
<main>
<h1><%= it.texts.title[it.view.page] %></h1>
<% if (it.view.page === 'offer') { %><%~ include('@offer', it) %><% } else { %><%~ include('@state', it) %><% } %>
<p><a href="?lang=<%= it.other %>" hreflang="<%= it.other %>" lang="<%= it.other %>"><%= it.texts.otherLanguage %></a></p>
</main>
</body>
</html>
`,
);

eta.loadTemplate(
  '@offer',
  `<% const { texts: t, view: v } = it %>
<dl>
<dt><%= t.company %></dt><dd><%= v.company %></dd>
<dt><%= t.heldSince %></dt><dd><time datetime="<%= v.heldSince.toISOString() %>"><%= it.day(v.heldSince) %></time></dd>
<dt><%= t.contact %></dt><dd><%= v.privacyContact %></dd>
</dl>
<h2><%= t.whatHappens %></h2>
<% for (const sentence of t.will[v.act]) { %><p><%= sentence %></p><% } %>
<form method="post"><button type="submit"><%= t.button[v.act] %></button></form>
<p><%= t.otherwise %></p>
`,
);

eta.loadTemplate(
  '@state',
  `<% const { texts: t, view: v } = it %>
<p role="status"><%= t.summary[v.page] %></p>
<% if (v.company) { %><dl><dt><%= t.company %></dt><dd><%= v.company %></dd></dl><% } %>
<% if (v.statusUrl) { %><p><a href="<%= v.statusUrl %>"><%= t.status %></a></p><% } %>
`,
);

/** A page without scripts. Everything but our own markup is escaped by the template engine. */
export function linkPage(view: LinkView, language: Language): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  const day = (time: Date): string => format.format(time);
  const other = language === 'en' ? 'de' : 'en';
  return eta.render('@page', { view, language, other, texts: TEXTS[language], style: STYLE, day });
}
