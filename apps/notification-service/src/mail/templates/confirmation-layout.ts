/** The confirmation as plain text, in eta's syntax; the same for all languages. Lines end up as they stand here. */
export const TEXT = `<%= it.words.heading %>


<%= it.opening %>


<%= it.words.requestHeading %>

<% it.facts.forEach((fact) => { %>
- <%= fact.label %>: <%= fact.value %>

<% }) %>

<%= it.words.erasedHeading %>

<% it.systems.forEach((system) => { %>
- <%= system.name %>: <%= system.summary %> (<%= system.at %>)
<% system.stores.forEach((store) => { %>
    <%= store.name %>: <%= store.summary %>

<% }) %>
<% }) %>

<% if (it.kept.length > 0) { %>
<%= it.words.keptHeading %>

<% it.kept.forEach((item) => { %>
- <%= item.what %> <%= item.why %>

<% }) %>

<% } %>
<%= it.words.backupsHeading %>

<%= it.backups %>


<%= it.words.verifyHeading %>

<%= it.verify %>


    <%= it.command %>


<% it.proof.forEach((fact) => { %>
<%= fact.label %>: <%= fact.value %>

<% }) %>
<% if (it.proof.length > 0) { %>
<%= it.words.saltMeaning %>

<% } %>

<% if (it.statusUrl) { %>
<%= it.words.statusHeading %>

<%= it.words.status %>

<%= it.statusUrl %>


<% } %>
<%= it.words.complaintHeading %>

<%= it.words.complaint %>


<%= it.words.closing %>

`;

/** The same as HTML: nothing is loaded from anywhere, so that opening it tells nobody anything. */
export const HTML = `<!doctype html>
<html lang="<%= it.words.language %>" dir="<%= it.words.direction %>">
<head><meta charset="utf-8"><title><%= it.words.heading %></title></head>
<body dir="<%= it.words.direction %>" style="font-family: sans-serif; line-height: 1.5; max-width: 40em; margin: 1em auto; padding: 0 1em">
<h1 style="font-size: 1.4em"><%= it.words.heading %></h1>
<p><%= it.opening %></p>
<h2 style="font-size: 1.1em"><%= it.words.requestHeading %></h2>
<ul>
<% it.facts.forEach((fact) => { %>
<li><%= fact.label %>: <strong><bdi><%= fact.value %></bdi></strong></li>
<% }) %>
</ul>
<h2 style="font-size: 1.1em"><%= it.words.erasedHeading %></h2>
<ul>
<% it.systems.forEach((system) => { %>
<li><%= system.name %>: <strong><%= system.summary %></strong> (<%= system.at %>)
<ul>
<% system.stores.forEach((store) => { %>
<li><%= store.name %>: <%= store.summary %></li>
<% }) %>
</ul></li>
<% }) %>
</ul>
<% if (it.kept.length > 0) { %>
<h2 style="font-size: 1.1em"><%= it.words.keptHeading %></h2>
<ul lang="en" dir="ltr">
<% it.kept.forEach((item) => { %>
<li><%= item.what %> <%= item.why %></li>
<% }) %>
</ul>
<% } %>
<h2 style="font-size: 1.1em"><%= it.words.backupsHeading %></h2>
<p lang="en" dir="ltr"><%= it.backups %></p>
<h2 style="font-size: 1.1em"><%= it.words.verifyHeading %></h2>
<p><%= it.verify %></p>
<pre dir="ltr" style="white-space: pre-wrap"><%= it.command %></pre>
<% if (it.proof.length > 0) { %>
<ul>
<% it.proof.forEach((fact) => { %>
<li><%= fact.label %>: <code dir="ltr"><%= fact.value %></code></li>
<% }) %>
</ul>
<p><%= it.words.saltMeaning %></p>
<% } %>
<% if (it.statusUrl) { %>
<h2 style="font-size: 1.1em"><%= it.words.statusHeading %></h2>
<p><%= it.words.status %> <a href="<%= it.statusUrl %>" dir="ltr"><%= it.statusUrl %></a></p>
<% } %>
<h2 style="font-size: 1.1em"><%= it.words.complaintHeading %></h2>
<p><%= it.words.complaint %></p>
<p><small><%= it.words.closing %></small></p>
</body>
</html>
`;
