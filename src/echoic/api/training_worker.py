"""A process that trains runs whose folders are described: `python -m echoic.api.training_worker LOCK`."""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from echoic.api.folds import fit_folds, restored
from echoic.api.side_by_side import Training
from echoic.run import RunFolder
from echoic.signals import Ended
from echoic.training import Progress, StopTraining
from echoic.workers.process import CarryOut, Link, work
from echoic.workers.sent import objects_of

_REPORT_S = 0.2
"""Seconds between reports of steps; every evaluation is reported."""


def main() -> None:
    """Trains until there is no more."""
    work(Path(sys.argv[1]), _begin)


def _begin(link: Link) -> CarryOut:
    setup = link.read()
    if setup is None:  # the parent has ended
        raise Ended(signal.SIGTERM)
    datasets, components = objects_of(setup)

    def carry_out(order: dict[str, Any]) -> Mapping[str, Any]:
        training = Training(**order)
        folder = RunFolder(Path(training.run), Path(training.parent))
        with folder.lock():
            config = folder.read_config()
            task = restored(folder, config, datasets[training.dataset], components)
            try:
                fit_folds(folder, config["job"], task, config["data"]["path"], _Reports(link))
            except StopTraining:
                raise Ended(signal.SIGTERM) from None
        return {}

    return carry_out


@final
class _Reports:
    """Reports steps now and then, and every evaluation beside its step, as loggers expect it."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._last: Progress | None = None
        self._is_sent = False
        self._sent_s = 0.0

    def __call__(self, at: Progress) -> None:
        """Takes the progress of training.

        Raises:
            StopTraining: the parent wants the work to stop.
        """
        if self._link.is_closed():
            raise StopTraining("closed")
        last, self._last = self._last, at
        if last is not None and (last.stage, last.step) == (at.stage, at.step):
            self._send([at] if self._is_sent else [last, at])
        elif time.monotonic() - self._sent_s >= _REPORT_S:
            self._send([at])
        else:
            self._is_sent = False

    def _send(self, reports: list[Progress]) -> None:
        self._link.write({"progress": reports})
        self._is_sent, self._sent_s = True, time.monotonic()


if __name__ == "__main__":
    main()
