"""A study's progress in a terminal, redrawn as events arrive."""

import threading
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tuner_service.cli.lines import overview
from tuner_service.cli.output import cell, settings
from tuner_service.cli.progress import Progress
from tuner_service.client.events import Event

FIRST_METRICS = ("val_loss", "loss", "learning_rate")
ROWS = 12


def show(events: Iterable[Event], progress: Progress, screen: Console) -> None:
    """Redraw until the events end, and leave the screen as it was."""
    lock = threading.Lock()  # Rich draws from a thread of its own

    def draw() -> RenderableType:
        with lock:
            return view(progress)

    with Live(get_renderable=draw, console=screen, refresh_per_second=4, transient=True):
        for event in events:
            with lock:
                progress.apply(event)


def view(progress: Progress) -> RenderableType:
    """The study, its bar, what is running, the best so far."""
    done, budget = progress.done, progress.budget
    bar = Table.grid()  # a bar alone ends no line
    bar.add_row(ProgressBar(total=max(budget, 1), completed=min(done, budget), width=60))
    parts: list[RenderableType] = [
        Text.assemble((progress.study.name, "bold"), f"  {progress.study.state}"),
        bar,
        Text(overview(progress)),
    ]
    if (best := progress.best) is not None:
        parts.append(Text(settings(best.parameters), style="dim"))
    if progress.running:
        parts.append(_running(progress))
    return Group(*parts)


def _running(progress: Progress) -> Table:
    metrics = _metrics(progress)
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("trial", "worker", "epoch", *metrics):
        table.add_column(column)
    running = [trial for _, trial in sorted(progress.running.items())]
    for trial in running[:ROWS]:
        last = progress.last_epochs.get(trial.number)
        most = progress.epochs_of(trial)
        epoch = "starting" if last is None else f"{last.epoch + 1}{f'/{most}' if most else ''}"
        values = [None if last is None else last.metrics.get(metric) for metric in metrics]
        table.add_row(str(trial.number), cell(trial.worker), epoch, *map(cell, values))
    if len(running) > ROWS:
        table.add_row("…", Text(f"and {len(running) - ROWS} more"))
    return table


def _metrics(progress: Progress) -> list[str]:
    """The objectives, then the metrics that people look at, where trials report them."""
    reported = {name for epoch in progress.last_epochs.values() for name in epoch.metrics}
    objectives = [objective["metric"] for objective in progress.study.spec["objectives"]]
    wanted = dict.fromkeys((*objectives, *FIRST_METRICS))
    return [name for name in wanted if name in reported or name in objectives]
