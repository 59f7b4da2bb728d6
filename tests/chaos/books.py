"""What the database says in the end, read at one moment by plain SQL."""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.chaos.database import Database, Row, decoded, patiently
from tests.chaos.journal import Answered, Journal

Where = tuple[str, int]
"""Study's name, trial's number."""
EXECUTED_HERE = "keras"


@dataclass
class Trial:
    """A trial's row and all that hangs on it."""

    where: Where
    row: Row
    curve: list[Row] = field(default_factory=list)
    """Its epochs in order."""
    history: list[Row] = field(default_factory=list)
    artifacts: list[Row] = field(default_factory=list)

    @property
    def rolled_back(self) -> list[Row]:
        """Epochs that are in no curve any more."""
        return [epoch for line in self.history for epoch in line["epochs"]]

    def lines(self, *what: str) -> list[Row]:
        return [line for line in self.history if line["what"] in what]


@dataclass(frozen=True)
class Books:
    studies: dict[str, Row]
    trials: dict[Where, Trial]
    discarded: set[str]
    journal: list[Answered]

    def scripted(self) -> list[Trial]:
        """The trials that the scripted training did."""
        return [
            trial
            for trial in self.trials.values()
            if self.studies[trial.where[0]]["executor"] == EXECUTED_HERE
        ]


def read_books(database: Database, journal: Journal) -> Books:
    """All tables that the invariants speak of, and the journal."""
    studies = {row["id"]: row for row in patiently(database, "SELECT * FROM studies")}
    for study in studies.values():
        study["spec"] = decoded(study["spec"])
    trials: dict[int, Trial] = {}
    for row in patiently(database, "SELECT * FROM trials ORDER BY study_id, number"):
        where = (studies[row["study_id"]]["name"], row["number"])
        trials[row["id"]] = Trial(where, row)
    for row in patiently(database, "SELECT * FROM epochs ORDER BY trial_id, epoch"):
        trials[row["trial_id"]].curve.append(row | {"metrics": decoded(row["metrics"])})
    for row in patiently(database, "SELECT * FROM history ORDER BY id"):
        rolled_back = decoded(row["epochs"]) or []
        trials[row["trial_id"]].history.append(row | {"epochs": rolled_back})
    for row in patiently(database, "SELECT * FROM artifacts"):
        trials[row["trial_id"]].artifacts.append(row)
    return Books(
        {study["name"]: study for study in studies.values()},
        {trial.where: trial for trial in trials.values()},
        {row["path"] for row in patiently(database, "SELECT path FROM discarded")},
        list(journal.entries()),
    )


@dataclass(frozen=True)
class Write:
    """An accepted write about a trial: what the client said and what it was answered."""

    action: str
    where: Where
    answered: Answered

    @property
    def said(self) -> Row:
        return self.answered.body or {}

    @property
    def told(self) -> Row:
        return self.answered.reply or {}

    @property
    def attempt(self) -> int:
        given: int = self.told["attempt"] if self.action == "claim" else self.said["attempt"]
        return given


def accepted_writes(journal: list[Answered]) -> dict[Where, list[Write]]:
    """By trial, in the order of the answers; uploads are called ``upload NAME``."""
    found: dict[Where, list[Write]] = defaultdict(list)
    for entry in journal:
        if not entry.accepted:
            continue
        parts = entry.path.strip("/").split("/")
        match parts:
            case ["v1", "claims"] if entry.reply is not None:
                where = (entry.reply["study"], entry.reply["number"])
                found[where].append(Write("claim", where, entry))
            case ["v1", "studies", study, "trials", number, "artifacts", name] if (
                entry.method == "PUT"
            ):
                where = (study, int(number))
                found[where].append(Write(f"upload {name}", where, entry))
            case ["v1", "studies", study, "trials", number, action] if entry.method == "POST":
                where = (study, int(number))
                found[where].append(Write(action, where, entry))
    return found
