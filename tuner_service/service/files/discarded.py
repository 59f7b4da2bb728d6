"""Files that no row names any more: removed after the commit that forgot them."""

import logging

from tuner_service.errors import Unavailable
from tuner_service.service.files.store import ArtifactStore
from tuner_service.storage import artifacts
from tuner_service.storage.engine import Database

log = logging.getLogger(__name__)

AT_ONCE = 500


def remove_discarded(database: Database, store: ArtifactStore) -> None:
    """Remove the files that no row names any more. What goes wrong is logged, and tried again later."""
    try:
        with database.read() as connection:
            paths = artifacts.discarded_paths(connection, AT_ONCE)
        if removed := [path for path in paths if _is_removed(store, path)]:
            with database.write() as connection:
                artifacts.forget_discarded(connection, removed)
    except Unavailable as error:
        log.warning("discarded files stay for now: %s", error.message)


def _is_removed(store: ArtifactStore, path: str) -> bool:
    try:
        store.remove(path)
    except Exception as error:  # whatever a store of somebody's own raises
        log.warning("the file %s cannot be removed: %s", path, error)
        return False
    return True
