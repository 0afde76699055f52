import { Eta } from 'eta';
import { renderPage } from '#service';
import type { RemovalStatus } from './removal-status.js';
import { type Language, TEXTS } from './status-texts.js';

const eta = new Eta({ autoEscape: true, cache: true });

eta.loadTemplate(
  '@refreshing',
  `<% if (it.refreshes) { %>
<p><%= it.texts.refreshes %> <a href="?lang=<%= it.language %>&amp;refresh=off"><%= it.texts.stopRefreshing %></a></p>
<% } %>`,
);

eta.loadTemplate(
  '@status',
  `<% const { texts: t, status: s } = it %>
<p role="status"><strong><%= t.summary[s.state] %></strong></p>
<dl>
<dt><%= t.company %></dt><dd><%= s.controller.name %></dd>
<dt><%= t.contact %></dt><dd><%= s.controller.privacyContact %></dd>
</dl>
<h2><%= t.steps %></h2>
<dl>
<dt><%= t.requested %></dt><dd><time datetime="<%= s.requestedAt %>"><%= it.when(s.requestedAt) %></time></dd>
<% for (const p of s.participants) { %>
<dt><%= t.systems[p.name] ?? p.name %></dt>
<dd><%= t.participant[p.state] %><% if (p.at) { %> (<time datetime="<%= p.at %>"><%= it.when(p.at) %></time>)<% } %></dd>
<% } %>
<dt><%= t.certificate %></dt>
<dd><% if (s.certificate) { %><a href="./<%= it.token %>/certificate" download="certificate.jws"><%= t.download %></a><% } else { %><%= t.certificateWaits %><% } %></dd>
<dt><%= t.mail %></dt><dd><%= t.confirmation[s.confirmation] %></dd>
</dl>
<%~ include('@refreshing', it) %>
<p><a href="?lang=<%= it.other %>" hreflang="<%= it.other %>" lang="<%= it.other %>"><%= t.otherLanguage %></a></p>
`,
);

eta.loadTemplate('@not-found', `<p role="status"><%= it.texts.notFound %></p><%~ include('@refreshing', it) %>`);

export interface Page {
  readonly language: Language;
  /** Whether the page may look for news by itself; it does so only while there may be some. */
  readonly refresh: boolean;
}

export interface StatusPage extends Page {
  readonly token: string;
  readonly status: RemovalStatus;
}

/** The status as a page. Everything but our own markup is escaped by the template engine. */
export function statusPage({ token, status, language, refresh }: StatusPage): string {
  const texts = TEXTS[language];
  const refreshes = refresh && ['not-yet', 'waiting'].includes(status.confirmation);
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' });
  const when = (time: string): string => format.format(new Date(time));
  const other = language === 'en' ? 'de' : 'en';
  const body = eta.render('@status', { texts, status, token, language, other, refreshes, when });
  return renderPage({ language, title: texts.title, body, ...refreshing(refreshes) });
}

/**
 * Says the same whatever the reason is, so that nobody learns anything by trying addresses. It looks again by itself:
 * the person may have the address before this service has heard of the removal.
 */
export function notFoundPage({ language, refresh: refreshes }: Page): string {
  const texts = TEXTS[language];
  const body = eta.render('@not-found', { texts, language, refreshes });
  return renderPage({ language, title: texts.notFoundTitle, body, ...refreshing(refreshes) });
}

const refreshing = (refreshes: boolean): object => (refreshes ? { refreshSeconds: 15 } : {});
