"""A process that trains: `python -m echoic.studies.worker STUDY LOCK`.

Reads orders as lines of JSON from standard input, and writes reports and answers to standard output. When standard
input ends, as it does when the study stops or dies, the training saves a checkpoint and the process ends. It holds the
file LOCK meanwhile, so that a study that goes on waits for the workers of the one before.
"""

import json
import os
import queue
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any, TextIO, final

from echoic.errors import EchoicError, Interrupted, TrainingDataError
from echoic.run.lock import file_lock
from echoic.signals import Ended, ending_in_order
from echoic.studies.definition import read_definition
from echoic.studies.orders import Order
from echoic.studies.training import TrialTrainer


def main() -> None:
    """Carries out orders until there are no more."""
    folder, lock = map(Path, sys.argv[1:])
    # What a library prints must not stand between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")  # the study has shown those on the data
    with ending_in_order():
        try:
            with file_lock(lock):
                _Worker(folder, answers).run()
        except (Ended, Interrupted):
            return
        except EchoicError as error:
            print(f"echoic: {error}", file=sys.stderr)  # noqa: T201
            sys.exit(error.exit_code)


@final
class _Worker:
    def __init__(self, folder: Path, answers: TextIO) -> None:
        self._closed = threading.Event()
        self._trainer = TrialTrainer(folder, read_definition(folder), is_closed=self._closed.is_set)
        self._answers = answers
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def run(self) -> None:
        """Carries out orders until the input ends."""
        while not self._closed.is_set() and (line := self._lines.get()) is not None:
            order = Order(**json.loads(line))
            try:
                answer = self._trainer(order, self._report)
            except TrainingDataError as error:
                self._write({"error": str(error)})
                return
            self._write({"answer": answer._asdict() | {"measured": dict(answer.measured)}})

    def _report(self, slot: int, loss: float) -> bool:
        """Asks the study whether the trial is hopeless."""
        self._write({"slot": slot, "loss": loss})
        reply = None if self._closed.is_set() else self._lines.get()
        return reply is not None and bool(json.loads(reply)["stop"])

    def _read(self) -> None:
        for line in sys.stdin:
            self._lines.put(line)
        # Training looks at this after every step.
        self._closed.set()
        self._lines.put(None)
        # Ends what is done outside of training; a library that is just imported may lose it.
        os.kill(os.getpid(), signal.SIGTERM)

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._answers.write(json.dumps(line) + "\n")
            self._answers.flush()
        except OSError:  # the study is dead; the end of the input stops the training
            self._answers = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


if __name__ == "__main__":
    main()
