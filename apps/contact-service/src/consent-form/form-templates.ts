/** Of the template engine eta: `<%=` escapes, `<%~` puts in what another template has made. */
export const TEMPLATES = {
  '@notice': `
<% if (it.notice === 'too-late') { %><p role="alert" class="notice"><%= it.t.tooLate %></p><% } %>
<% if (it.error) { %>
<div role="alert" class="notice" tabindex="-1" autofocus>
<h2><%= it.t.error.heading %></h2>
<p><% if (it.field) { %><a href="#<%= it.field %>"><%= it.t.error[it.error] %></a><% } else { %><%= it.t.error[it.error] %><% } %></p>
</div>
<% } %>`,

  '@company': `
<dl>
<% if (it.view.consentAt) { %><dt><%= it.t.answered %></dt><dd><time datetime="<%= it.view.consentAt.toISOString() %>"><%= it.day(it.view.consentAt) %></time></dd><% } %>
<dt><%= it.t.company %></dt><dd><bdi><%= it.view.company %></bdi></dd>
<% if (it.view.heldSince) { %><dt><%= it.t.heldSince %></dt><dd><time datetime="<%= it.view.heldSince.toISOString() %>"><%= it.day(it.view.heldSince) %></time></dd><% } %>
<dt><%= it.t.contact %></dt><dd><bdi><%= it.view.privacyContact %></bdi></dd>
</dl>`,

  '@box': `
<p class="box">
<input type="checkbox" id="<%= it.name %>" name="<%= it.name %>" value="yes" required<% if (it.wrong) { %> aria-invalid="true" aria-describedby="<%= it.name %>-error"<% } %>>
<label for="<%= it.name %>"><%= it.w(it.choice.box) %></label>
</p>
<% if (it.wrong) { %><p class="error" id="<%= it.name %>-error"><%= it.t.error[it.error] %></p><% } %>`,

  '@choice': `
<% const choice = it.t.consent[it.kind] %>
<section aria-labelledby="<%= it.kind %>">
<h2 id="<%= it.kind %>"><%= choice.heading %></h2>
<% for (const sentence of choice.means) { %><p><%= it.w(sentence) %></p><% } %>
<% if (it.kind === 'decline') { %><p><%= it.t.ends.still %></p><% } %>
<form method="post" novalidate>
<input type="hidden" name="decision" value="<%= it.kind === 'opt-in' ? 'opt-in' : 'decline' %>">
<input type="hidden" name="text" value="<%= it.hashOf(it.kind) %>">
<% if (choice.box) { %><%~ include('@box', { ...it, choice, name: 'agree', wrong: it.error === 'not-ticked' }) %><% } %>
<button type="submit"<% if (it.kind !== 'opt-in') { %> class="second"<% } %>><%= choice.button %></button>
</form>
</section>`,

  '@ends': `
<p><% if (it.view.ends === 'never') { %><%= it.t.ends.never %><% } else if (it.view.ends === 'named-in-mail') { %><%= it.t.ends.mail %><% } else if (it.view.ends === 'over') { %><%= it.t.ends.over %><% } else { %><%= it.dated(it.t.ends.date, it.view.ends) %><% } %></p>`,

  '@open': `
<%~ include('@notice', { ...it, field: it.error === 'not-ticked' ? 'agree' : undefined }) %>
<p<% if (it.view.consent !== 'none') { %> role="status"<% } %>><%= it.w(it.t.summary[it.key]) %></p>
<% if (it.view.consent === 'none' || it.view.consent === 'declined') { %><%~ include('@ends', it) %><% } %>
<%~ include('@company', it) %>
<% if (it.view.consent === 'opted-in') { %>
<%~ include('@choice', { ...it, kind: 'withdraw' }) %>
<% } else { %>
<%~ include('@choice', { ...it, kind: 'opt-in' }) %>
<% if (it.view.consent === 'none') { %><%~ include('@choice', { ...it, kind: 'decline' }) %><% } %>
<% } %>
<section aria-labelledby="removal">
<h2 id="removal"><%= it.t.removal[it.view.act].heading %></h2>
<p><%= it.w(it.t.removal[it.view.act].means[0]) %></p>
<p><a href="?lang=<%= it.language %>&amp;page=remove"><%= it.t.removal[it.view.act].link %></a></p>
</section>`,

  '@remove': `
<% const choice = it.t.removal[it.removing] %>
<%~ include('@notice', { ...it, field: it.error === 'not-confirmed' ? 'confirm' : undefined }) %>
<% for (const sentence of choice.means) { %><p><%= it.w(sentence) %></p><% } %>
<%~ include('@company', it) %>
<form method="post" novalidate>
<input type="hidden" name="decision" value="remove">
<%~ include('@box', { ...it, choice, name: 'confirm', wrong: it.error === 'not-confirmed' }) %>
<button type="submit" class="danger"><%= choice.button %></button>
</form>
<p><a href="?lang=<%= it.language %>"><%= it.t.back %></a></p>`,

  '@state': `
<%~ include('@notice', { ...it, error: undefined }) %>
<p role="status"><%= it.w(it.t.summary[it.key]) %></p>
<% if (it.view.page === 'expired') { %><p><%= it.t.expiredConsent[it.view.consent] %></p><% } %>
<% if (it.view.statusUrl) { %><p><a href="<%= it.view.statusUrl %>"><%= it.t.status %></a></p><% } %>
<% if (it.view.company) { %><%~ include('@company', it) %><% } %>
<% if (it.view.mayRemove) { %><p><a href="?lang=<%= it.language %>&amp;page=remove"><%= it.t.removal.expunge.link %></a></p><% } %>`,

  '@languages': `
<nav aria-label="<%= it.t.languages %>">
<ul>
<% for (const other of it.languages) { %><li><a href="<%= other.href %>" lang="<%= other.language %>" hreflang="<%= other.language %>" dir="auto"><%= other.name %></a></li>
<% } %></ul>
</nav>`,
};
