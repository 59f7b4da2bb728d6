"""What is known of artifacts; their bytes lie in the artifact store."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Artifact, Trial
from tuner_service.storage.tables import artifacts, discarded, trials

_SELECT = select(artifacts)


def put(connection: Connection, trial: Trial, artifact: Artifact) -> None:
    """Make an artifact visible in place of any before it, whose file is discarded."""
    _remove(connection, trial, [artifact.name])
    connection.execute(
        insert(artifacts).values(
            trial_id=trial.id,
            name=artifact.name,
            size=artifact.size,
            sha256=artifact.sha256,
            path=artifact.path,
            created_at=artifact.created_at,
            attempt=artifact.attempt,
            checkpoint=artifact.checkpoint,
        )
    )


def page(connection: Connection, trial: Trial) -> list[Artifact]:
    query = _SELECT.where(artifacts.c.trial_id == trial.id).order_by(artifacts.c.name)
    return [_from_row(row) for row in connection.execute(query)]


def checkpoints(connection: Connection, trial: Trial) -> list[Artifact]:
    """A trial's checkpoints, the newest first."""
    query = _SELECT.where(artifacts.c.trial_id == trial.id, artifacts.c.checkpoint.is_not(None))
    query = query.order_by(artifacts.c.checkpoint.desc(), artifacts.c.created_at.desc())
    return [_from_row(row) for row in connection.execute(query)]


def drop(connection: Connection, trial: Trial, dropped: Sequence[Artifact]) -> None:
    """Forget artifacts, and discard their files."""
    _remove(connection, trial, [artifact.name for artifact in dropped])


def drop_all(connection: Connection, study: Study) -> None:
    """Discard the files of a study that is about to go."""
    query = select(artifacts.c.path).join(trials).where(trials.c.study_id == study.id)
    _discard(connection, connection.scalars(query).all())


def discarded_paths(connection: Connection, most: int) -> list[str]:
    """Files that are still to be removed from the store."""
    # In any order, so that some which cannot be removed are not in the way of the others.
    query = select(discarded.c.path).order_by(func.random()).limit(most)
    return list(connection.scalars(query))


def forget_discarded(connection: Connection, paths: Iterable[str]) -> None:
    """Their files are gone."""
    connection.execute(delete(discarded).where(discarded.c.path.in_(list(paths))))


def _remove(connection: Connection, trial: Trial, names: Sequence[str]) -> None:
    where = (artifacts.c.trial_id == trial.id, artifacts.c.name.in_(names))
    removed = delete(artifacts).where(*where).returning(artifacts.c.path)
    _discard(connection, connection.scalars(removed).all())


def _discard(connection: Connection, paths: Sequence[str]) -> None:
    if paths:
        connection.execute(insert(discarded), [{"path": path} for path in paths])


def _from_row(row: Any) -> Artifact:
    return Artifact(*row[1:])
