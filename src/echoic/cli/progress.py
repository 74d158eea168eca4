"""Progress on stderr: a bar on a terminal, and lines of training now and then where there is none."""

from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self, final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from echoic.cli.printing import say

if TYPE_CHECKING:
    from echoic.loggers import ProgressLines
    from echoic.training import Progress as TrainingProgress


def progress_bar(*extra: str, is_shown: bool = True) -> Progress:
    """A progress bar with the text fields `extra`, elapsed and remaining time; only on a terminal."""
    fields = [TextColumn(f"{{task.fields[{name}]}}") for name in extra]
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        *fields,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        disable=not (is_shown and console.is_terminal),
    )


def round_progress(bar: Progress, description: str) -> Callable[[int, int], None]:
    """A callback that shows progress as a task of `bar`; when the count falls, the task starts again."""
    task, before = bar.add_task(description, total=None), 0

    def show(done: int, total: int) -> None:
        nonlocal before
        if done < before:
            bar.reset(task)
        before = done
        bar.update(task, completed=done, total=total)

    return show


@final
class TrainingBar:
    """The progress bar of a training: epoch, batches per second, train and dev loss, time; lines without a terminal."""

    def __init__(self, *, is_shown: bool = True) -> None:
        self._lines: ProgressLines | None = None
        self._stages = {"fit": "training", "refit": "training on train and dev"}
        self._bar = progress_bar("epoch", "rate", "losses", is_shown=is_shown)
        self._task = self._bar.add_task("training", total=1.0, epoch="", rate="", losses="reading the data")
        self._stages_seen: set[str] = set()
        self._spectra = self._bar.add_task("spectra", total=None, visible=False, epoch="", rate="", losses="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def prepare(self, done: int, total: int) -> None:
        """Shows the number of clips whose spectra are computed, on a line of its own until all are."""
        self._bar.update(
            self._spectra, completed=done, total=total, visible=done < total, losses=f"{done:,} of {total:,} clips"
        )

    def update(self, at: "TrainingProgress") -> None:
        """Shows the progress of training; each fold and the refit restart the bar.

        Folds that are trained side by side share it.
        """
        if not self._bar.console.is_terminal:
            self._write_line(at)
            return
        if at.stage not in self._stages_seen:
            self._stages_seen.add(at.stage)
            self._bar.reset(self._task)
        dev = "" if at.dev_loss is None else f" dev {at.dev_loss:.4g} (best {at.best_dev_loss:.4g})"
        self._bar.update(
            self._task,
            description=self._stages.get(at.stage, at.stage),
            completed=at.fraction,
            epoch=f"epoch {at.epoch + 1}",
            rate=f"{at.batches_per_s:.3g} batches/s",
            losses=f"train {at.train_loss:.4g}{dev}",
        )

    def _write_line(self, at: "TrainingProgress") -> None:
        from echoic.loggers import ProgressLines

        if self._lines is None:
            self._lines = ProgressLines(write=say)
        self._lines(at)
