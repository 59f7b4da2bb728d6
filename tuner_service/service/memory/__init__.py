"""What a server remembers between requests, and the bell that wakes who waits: gone with its process, at no loss."""
