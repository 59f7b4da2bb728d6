"""Whether the service can serve, and what it is busy with."""

from tuner_service.errors import Unavailable
from tuner_service.service.setup import Service
from tuner_service.storage import schema, standings, studies


def check(service: Service) -> None:
    """Raises Unavailable if the database does not answer or its schema is not the one we know."""
    service.database.ping()
    revision = schema.current(service.database)
    if revision != schema.newest():
        message = (
            f"the database is at schema revision {revision}, this version needs {schema.newest()}"
        )
        raise Unavailable(message, code="schema_not_current")


def counts(service: Service) -> tuple[dict[str, int], dict[str, int]]:
    """How many studies, and how many trials, are in each state."""
    with service.database.read() as connection:
        return studies.state_counts(connection), standings.state_counts(connection)
