"""How long a study has gone on and will still take: the same on its own page and in the list."""

from statistics import median

from tuner_service.domain.study import OVER
from tuner_service.service.reading.overview import Overview


def pace(found: Overview) -> dict[str, float | None]:
    """In seconds: ``used`` since it was opened, ``each`` of the last trials (the median), ``left``.

    None where nobody can know.
    """
    row, lasted = found.row, found.standing.lasted
    return {
        "used": found.seconds_taken if row.state in OVER else row.at - row.created_at,
        "each": median(lasted) if lasted else None,
        "left": seconds_left(found),
    }


def seconds_left(found: Overview) -> float | None:
    """The estimate to two digits at most: it is not known better."""
    seconds = found.seconds_left
    if seconds is None:
        return None
    for unit, step in ((86_400, 3600), (3600, 60), (600, 60), (60, 10)):
        if seconds >= unit:
            return round(seconds / step) * step
    return round(seconds)
