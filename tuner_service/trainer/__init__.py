"""The process that trains: it hears of trials from its supervisor, and knows nothing of servers or workers."""
