"""Bytes on their way in, in the artifact store, and out of it again; knows no use case."""
