"""Data sets and search spaces: what there is, what is uploaded, what workers teach."""
