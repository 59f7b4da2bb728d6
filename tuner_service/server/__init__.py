"""The server as one program: the REST contract, the pages and the reaper together, and how it is run."""
