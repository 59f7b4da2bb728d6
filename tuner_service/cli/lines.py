"""A study's progress as plain lines, for logs and pipes."""

from collections.abc import Callable, Iterable, Iterator

from tuner_service.cli.output import duration, number, settings
from tuner_service.cli.progress import Progress
from tuner_service.client.events import EpochEvent, Event, StudyEvent, TrialEvent
from tuner_service.domain.trial import FINISHED, TrialState
from tuner_service.wire import TrialReply

STATUS_EVERY_SECONDS = 5.0


def tell(
    events: Iterable[Event], progress: Progress, *, clock: Callable[[], float]
) -> Iterator[str]:
    """A line for each trial that ends and each change of state; now and then what is running."""
    state, told_at = None, clock()
    for event in events:
        progress.apply(event)
        match event:
            case StudyEvent() if event.data.state != state:
                state = event.data.state
                reason = f": {event.data.reason}" if event.data.reason else ""
                yield f'study "{event.data.name}" is {state}{reason}'
            case TrialEvent() if event.data.state in FINISHED:
                yield f"{_ended(event.data)}  [{overview(progress)}]"
            case EpochEvent() if clock() - told_at >= STATUS_EVERY_SECONDS:
                told_at = clock()
                yield f"  running: {'; '.join(_running(progress))}"


def overview(progress: Progress) -> str:
    """Trials done of the budget, the best so far, the time left."""
    parts = [f"{progress.done} of {progress.budget} trials done"]
    if (best := progress.best) is not None:
        value = number(progress.value(best) or 0.0)
        parts.append(f"best {progress.objective.metric} {value} (trial {best.number})")
    left = progress.seconds_left
    if left is not None and left >= 1:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)


def summary(progress: Progress) -> str:
    """How a study ended, and with what."""
    study = progress.study
    counts = ", ".join(f"{progress.ended[s]} {s}" for s in FINISHED if progress.ended[s])
    result = [f'study "{study.name}" is {study.state}: {counts or "no trial ended"}']
    if study.reason:
        result.append(f"reason: {study.reason}")
    if (trial := progress.best) is not None:
        result.append(f"best: trial {trial.number} with {settings(trial.values or {})}")
        result.append(f"      {settings(trial.parameters)}")
    return "\n".join(result)


def _ended(trial: TrialReply) -> str:
    result = settings(trial.values) if trial.values else ""
    if trial.state is TrialState.FAILED and trial.error:
        result = trial.error.strip().splitlines()[-1]
    took = f" in {duration(trial.seconds)}" if trial.seconds is not None else ""
    epochs = f" after {trial.epochs} epochs" if trial.epochs else ""
    return f"trial {trial.number} {trial.state}{epochs}{took}: {result or 'no values'}"


def _running(progress: Progress) -> Iterator[str]:
    for _, trial in sorted(progress.running.items()):
        last = progress.last_epochs.get(trial.number)
        if last is None:
            yield f"trial {trial.number} starting"
            continue
        most = progress.epochs_of(trial)
        of = f"/{most}" if most else ""
        value = last.metrics.get(progress.objective.metric)
        shown = f" {progress.objective.metric} {number(value)}" if value is not None else ""
        yield f"trial {trial.number} epoch {last.epoch + 1}{of}{shown}"
