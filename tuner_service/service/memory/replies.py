"""What was last told of a study, kept until it changes: many ask at once for what has just changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from tuner_service.domain.study import Study
from tuner_service.service.views import Json

MOST = 200
"""So many studies' replies are kept; the one unused for longest goes first."""


@dataclass
class _Kept:
    revision: int = -1
    ended_revision: int = -1
    reply: Json = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Replies:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    def of(self, study: Study, make: Callable[[list[Json] | None], Json]) -> Json:
        """The reply at this revision of the study or a later one, the caller's own; made by one for all who ask.

        ``make`` is given the Pareto front of the reply before, unless trials ended since: it is dear, and changes only
        with them.
        """
        kept = self._at(study.id)
        with kept.lock:
            if kept.revision < study.revision:
                same = kept.ended_revision == study.ended_revision
                kept.reply = make(kept.reply.get("pareto_front") if same else None)
                kept.revision, kept.ended_revision = study.revision, study.ended_revision
            return kept.reply.copy()

    def _at(self, study_id: int) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(study_id, _Kept())
            self._kept.move_to_end(study_id)
            if len(self._kept) > MOST:
                self._kept.popitem(last=False)
            return kept
