"""Trains on the examples, in a process of its own: `python -m echoic.web.teaching.child EXAMPLES RUN SETTINGS`.

Writes lines of JSON to standard output: progress, then one result. Stops and keeps the best network so far when
standard input ends, as it does when the server stops it or dies.
"""

import json
import math
import os
import signal
import sys
import threading
from typing import Any, final

import echoic
from echoic.errors import EchoicError, Interrupted
from echoic.loggers.describing import STAGES, Evaluations
from echoic.training import Progress


@final
class Reports:
    """Writes a line for each evaluation, and for a step when a percent is done."""

    def __init__(self) -> None:
        self._evaluations = Evaluations()
        self._last: tuple[str, int] | None = None

    def __call__(self, at: Progress) -> None:
        """Writes what is new."""
        is_evaluation = self._evaluations.is_evaluation(at)
        place = (at.stage, round(100 * at.fraction))
        if place == self._last and not is_evaluation:
            return
        self._last = place
        line: dict[str, Any] = {"stage": STAGES.get(at.stage, at.stage), "fraction": at.fraction}
        if is_evaluation:
            scores = {"train_loss": at.train_loss, "dev_loss": at.dev_loss, "dev_accuracy": at.dev_accuracy}
            line["evaluation"] = {"step": at.step} | {name: one for name, one in scores.items() if _is_number(one)}
        _write(line)


def main() -> None:
    """Trains."""
    examples, out, settings = sys.argv[1:]
    try:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
        echoic.train("classify", examples, out=out, on_progress=Reports(), **json.loads(settings))
    except (Interrupted, KeyboardInterrupt):  # the second one before training has begun
        _write({"result": "stopped"})
    except EchoicError as error:
        _write({"result": "failed", "message": str(error)})
    else:
        _write({"result": "done"})


def _is_number(score: float | None) -> bool:
    return score is not None and math.isfinite(score)


def _stop_at_end_of_input() -> None:
    sys.stdin.read()
    # Training ends in order on this signal, after a checkpoint.
    os.kill(os.getpid(), signal.SIGINT)


def _write(line: dict[str, Any]) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 (the server reads it)


if __name__ == "__main__":
    main()
