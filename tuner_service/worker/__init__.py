"""What trains: the loop against the server, its slots, and a child process for each of them."""
