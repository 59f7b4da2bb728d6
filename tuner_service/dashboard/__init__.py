"""Pages for people: one context each, rendered on the server, with nothing fetched from elsewhere."""
