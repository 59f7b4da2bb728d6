"""Whether SQLite's file is whole."""

from pathlib import Path

from sqlalchemy import text

from tuner_service.errors import TunerError, Unavailable
from tuner_service.storage import failures
from tuner_service.storage.engine import Database


class DamagedDatabase(TunerError):
    code = failures.DAMAGED

    def __init__(self, file: Path, what: str) -> None:
        super().__init__(
            f"the database {file} is damaged ({what}); put a backup back with: tuner db restore "
            "BACKUP (the damaged file is kept beside it)"
        )


def check(database: Database) -> None:
    """Read all of SQLite's file, about a second for 500 MB; Postgres sees to its own.

    Raises DamagedDatabase, Unavailable.
    """
    if database.file is None:
        return
    try:
        with database.read() as connection:
            found = connection.scalar(text("PRAGMA quick_check(1)"))
    except Unavailable as error:
        if error.code != failures.DAMAGED:
            raise Unavailable(
                f"the database {database.file} cannot be opened", code=error.code
            ) from error.__cause__
        raise DamagedDatabase(database.file, failures.cause(error)) from error
    if found != "ok":
        raise DamagedDatabase(database.file, " ".join(str(found).split()))
