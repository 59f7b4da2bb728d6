"""Calls on what there is to search, to train on, and to train with."""

from collections.abc import Iterator

from tuner_service.client.transport import Transport, path
from tuner_service.wire import DatasetEntry, SearchSpaceEntry, WorkerReply


class CatalogueCalls:
    """Search spaces, data sets, and the fleet."""

    transport: Transport

    def search_spaces(self) -> Iterator[SearchSpaceEntry]:
        for item in self.transport.pages(path("search-spaces")):
            yield SearchSpaceEntry.model_validate(item)

    def search_space(self, name: str) -> SearchSpaceEntry:
        return SearchSpaceEntry.model_validate(self.transport.get(path("search-spaces", name)))

    def datasets(self) -> Iterator[DatasetEntry]:
        for item in self.transport.pages(path("datasets")):
            yield DatasetEntry.model_validate(item)

    def dataset(self, name: str) -> DatasetEntry:
        return DatasetEntry.model_validate(self.transport.get(path("datasets", name)))

    def workers(self) -> Iterator[WorkerReply]:
        for item in self.transport.pages(path("workers")):
            yield WorkerReply.model_validate(item)
