"""Reading a trial's files."""

import contextlib
from collections.abc import Iterator

from tuner_service.domain.trial import Artifact
from tuner_service.errors import ArtifactMissing, UnknownArtifact
from tuner_service.service.setup import Service
from tuner_service.storage import artifacts, studies, trials

LOG = "log.txt"
LOG_LINES = 200
LOG_BYTES = 256 * 1024


def page(service: Service, name: str, number: int) -> list[Artifact]:
    """Raises UnknownStudy, UnknownTrial."""
    with service.database.read() as connection:
        return artifacts.page(
            connection, trials.get(connection, studies.get(connection, name), number)
        )


def open_artifact(
    service: Service, name: str, number: int, artifact: str
) -> tuple[Artifact, Iterator[bytes]]:
    """An artifact and its bytes. Raises UnknownArtifact, ArtifactMissing, ArtifactDamaged, Unavailable."""
    for _ in range(2):  # its file may be replaced between the two looks
        found = {each.name: each for each in page(service, name, number)}
        if artifact not in found:
            raise UnknownArtifact(name, number, artifact, found)
        with contextlib.suppress(FileNotFoundError):
            return found[artifact], service.store.read(found[artifact].path, found[artifact].size)
    raise ArtifactMissing(name, number, artifact)


def log(service: Service, name: str, number: int) -> str:
    """The last lines that the trial printed; empty while there are none."""
    if LOG not in {each.name for each in page(service, name, number)}:
        return ""
    try:
        _, chunks = open_artifact(service, name, number, LOG)
    except ArtifactMissing:  # after a restore, until the next one comes
        return ""
    tail = b""
    for chunk in chunks:  # a worker may have sent any amount; only the end is kept in memory
        tail = (tail + chunk)[-LOG_BYTES:]
    return "".join(tail.decode(errors="replace").splitlines(keepends=True)[-LOG_LINES:])
