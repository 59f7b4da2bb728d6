"""What was last told of a study, kept until it changes: many ask at once for what has just changed."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from tuner_service.domain.study import Study
from tuner_service.service.views import Json

MOST = 200
"""So many studies' replies are kept; the one unused for longest goes first."""


class Replies:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, tuple[int, Json]] = OrderedDict()

    def of(self, study: Study, make: Callable[[], Json]) -> Json:
        """The reply at this revision of the study, the caller's own."""
        with self._lock:
            revision, reply = self._kept.get(study.id, (None, {}))
        if revision != study.revision:
            reply = make()
            with self._lock:
                self._kept[study.id] = (study.revision, reply)
                self._kept.move_to_end(study.id)
                if len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return reply.copy()
