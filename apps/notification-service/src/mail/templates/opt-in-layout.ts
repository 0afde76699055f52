/** The mail that asks to opt in, as plain text, in eta's syntax. Lines end up as they stand here. */
export const TEXT = `<%= it.heading %>


<% if (it.reminder) { %>
<%= it.reminder %>


<% } %>
<%= it.opening %>


<%= it.words.link %>

<%= it.linkUrl %>


<%= it.words.choices %>


<%= it.silence %>


<%= it.decline %>


<%= it.words.removeNow %>


<%= it.words.privacyContact %>: <%= it.privacyContact %>


<%= it.words.closing %>

`;

/** The same as HTML: nothing is loaded from anywhere, so that opening it tells nobody anything. */
export const HTML = `<!doctype html>
<html lang="<%= it.language %>" dir="<%= it.direction %>">
<head><meta charset="utf-8"><title><%= it.heading %></title></head>
<body dir="<%= it.direction %>" style="font-family: sans-serif; line-height: 1.5; max-width: 40em; margin: 1em auto; padding: 0 1em">
<h1 style="font-size: 1.4em"><%= it.heading %></h1>
<% if (it.reminder) { %>
<p><%= it.reminder %></p>
<% } %>
<p><%= it.opening %></p>
<p><%= it.words.link %> <a href="<%= it.linkUrl %>" dir="ltr"><%= it.linkUrl %></a></p>
<p><%= it.words.choices %></p>
<p><strong><%= it.silence %></strong></p>
<p><%= it.decline %></p>
<p><%= it.words.removeNow %></p>
<p><%= it.words.privacyContact %>: <bdi><%= it.privacyContact %></bdi></p>
<p><small><%= it.words.closing %></small></p>
</body>
</html>
`;
