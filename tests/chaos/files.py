"""Artifacts in the end: each absent or whole, and those of checkpoints gone."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.books import Books, Trial, accepted_writes
from tests.chaos.invariants import Violation


def artifacts_are_whole(books: Books, store: Path) -> Iterator[Violation]:
    """Every row's file is there with its size and digest; whatever was acknowledged has a row."""
    for trial in books.trials.values():
        where = f"{trial.where[0]}/{trial.where[1]}"
        for row in trial.artifacts:
            if row["checkpoint"] is not None:
                yield Violation("broken", where, f"{row['name']} is kept, and the trial is over")
                continue
            file = store / row["path"]
            content = file.read_bytes() if file.exists() else b""
            if (len(content), hashlib.sha256(content).hexdigest()) != (row["size"], row["sha256"]):
                yield Violation("lost", where, f"{row['name']}: its file is not whole")
    yield from _uploads_are_there(books)


def files_without_rows(books: Books, store: Path) -> list[Path]:
    """Files that nobody names: a crash may leave some, a bug leaves many."""
    named = {row["path"] for trial in books.trials.values() for row in trial.artifacts}
    found = (file for file in store.rglob("*") if file.is_file())
    return [file for file in found if str(file.relative_to(store)) not in named | books.discarded]


def _uploads_are_there(books: Books) -> Iterator[Violation]:
    for where, writes in accepted_writes(books.journal).items():
        digests: dict[str, set[str | None]] = {}
        for write in writes:
            kind, _, name = write.action.partition(" ")
            if kind == "upload" and not name.startswith("checkpoint-"):
                digests.setdefault(name, set()).add(write.answered.body_sha256)
        trial = books.trials.get(where)
        kept = _digests(trial) if trial else {}
        for name, sent in digests.items():
            if kept.get(name) not in sent:
                yield Violation("lost", f"{where[0]}/{where[1]}", f"the artifact {name}")


def _digests(trial: Trial) -> dict[str, str]:
    return {row["name"]: row["sha256"] for row in trial.artifacts}
