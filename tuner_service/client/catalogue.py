"""Calls on what there is to search, to train on, and to train with."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tuner_service.client.errors import BadDatasetFile
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

    def upload_dataset(
        self,
        name: str,
        file: Path | str,
        *,
        format: str | None = None,
        target: str | Sequence[str] = (),
        task: str | None = None,
        kinds: Mapping[str, str] | None = None,
        image_size: tuple[int, int] | None = None,
    ) -> DatasetEntry:
        """Upload a data set of one's own; its entry in the catalogue, with what was found in the file.

        ``format``: npz, csv, parquet or zip; by default what the file's name says. The rest is only needed where the
        file leaves it open; see docs/own-data.md. Raises ApiError with what is wrong with the file, BadDatasetFile.
        """
        source = Path(file)
        size = None if image_size is None else f"{image_size[0]}x{image_size[1]}"
        entry = self.transport.put_file(
            path("datasets", name),
            source,
            format=format or format_of(source),
            target=[target] if isinstance(target, str) else list(target),
            task=task,
            kind=[f"{field}:{kind}" for field, kind in (kinds or {}).items()],
            image_size=size,
        )
        return DatasetEntry.model_validate(entry)

    def delete_dataset(self, name: str) -> None:
        """Delete an uploaded data set; refused while a study that is not over uses it."""
        self.transport.request("DELETE", path("datasets", name))

    def workers(self) -> Iterator[WorkerReply]:
        for item in self.transport.pages(path("workers")):
            yield WorkerReply.model_validate(item)


FORMATS = ("npz", "csv", "parquet", "zip")


def format_of(file: Path) -> str:
    """The format that a file's name says. Raises BadDatasetFile."""
    suffix = file.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise BadDatasetFile(
            f"{file}: the name does not say which format it is; known: {', '.join(FORMATS)}"
        )
    return suffix
