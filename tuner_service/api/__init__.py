"""The REST contract over HTTP: parse, call one use case, render. Status codes live here and nowhere else."""
