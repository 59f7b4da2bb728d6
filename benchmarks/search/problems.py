"""All problems, by name."""

from functools import cache

from benchmarks.search import tables
from benchmarks.search.functions import functions
from benchmarks.search.problem import Problem


@cache
def problems() -> dict[str, Problem]:
    known = [*functions(), *map(tables.load, tables.names())]
    return {problem.name: problem for problem in known}
