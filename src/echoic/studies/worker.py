"""A process that trains trials: `python -m echoic.studies.worker STUDY LOCK`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echoic.studies.definition import read_definition
from echoic.studies.orders import Order
from echoic.studies.training import TrialTrainer
from echoic.workers.process import CarryOut, Link, work


def main() -> None:
    """Carries out orders until there are no more."""
    folder, lock = map(Path, sys.argv[1:])

    def begin(link: Link) -> CarryOut:
        trainer = TrialTrainer(folder, read_definition(folder), is_closed=link.is_closed)

        def is_hopeless(slot: int, loss: float) -> bool:
            link.write({"slot": slot, "loss": loss})
            reply = link.read()
            return reply is not None and bool(reply["stop"])

        def carry_out(order: dict[str, Any]) -> Mapping[str, Any]:
            answer = trainer(Order(**order), is_hopeless)
            return answer._asdict() | {"measured": dict(answer.measured)}

        return carry_out

    work(lock, begin)


if __name__ == "__main__":
    main()
