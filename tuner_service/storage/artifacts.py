"""What is known of artifacts; their bytes lie in the artifact store."""

from sqlalchemy import Connection, delete, insert, select

from tuner_service.domain.study import Study
from tuner_service.domain.trial import Artifact, Trial
from tuner_service.storage.clock import now
from tuner_service.storage.tables import artifacts, trials


def put(
    connection: Connection, trial: Trial, name: str, size: int, sha256: str, path: str
) -> str | None:
    """Make an artifact visible in place of any before it; the path of the one it replaced."""
    where = (artifacts.c.trial_id == trial.id, artifacts.c.name == name)
    old = connection.scalar(select(artifacts.c.path).where(*where))
    connection.execute(delete(artifacts).where(*where))
    connection.execute(
        insert(artifacts).values(
            trial_id=trial.id, name=name, size=size, sha256=sha256, path=path, created_at=now()
        )
    )
    return old


def page(connection: Connection, trial: Trial) -> list[Artifact]:
    query = select(artifacts).where(artifacts.c.trial_id == trial.id).order_by(artifacts.c.name)
    return [
        Artifact(row.name, row.size, row.sha256, row.path, row.created_at)
        for row in connection.execute(query)
    ]


def paths_of(connection: Connection, study: Study) -> list[str]:
    query = select(artifacts.c.path).join(trials).where(trials.c.study_id == study.id)
    return list(connection.scalars(query))
