import { Eta } from 'eta';
import { renderPage } from '#service';
import { type Language, TEXTS } from './link-texts.js';
import type { LinkView } from './link-view.js';

const eta = new Eta({ autoEscape: true, cache: true });

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
<form method="post" action="?act=<%= v.act %>&amp;lang=<%= it.language %>"><button type="submit"><%= t.button[v.act] %></button></form>
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

eta.loadTemplate(
  '@languages',
  `<p><a href="?lang=<%= it.other %>" hreflang="<%= it.other %>" lang="<%= it.other %>"><%= it.texts.otherLanguage %></a></p>`,
);

/** What the link does, or what has become of it. Everything but our own markup is escaped by the template engine. */
export function linkPage(view: LinkView, language: Language): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' });
  const day = (time: Date): string => format.format(time);
  const texts = TEXTS[language];
  const body = eta.render(view.page === 'offer' ? '@offer' : '@state', { view, texts, day, language });
  const languages = eta.render('@languages', { texts, other: language === 'en' ? 'de' : 'en' });
  return renderPage({ language, title: texts.title[view.page], body: body + languages });
}
