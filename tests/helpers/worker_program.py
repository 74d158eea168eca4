"""A worker that trains nothing: `python -m worker_program LOCK`. Its orders say how it is to die."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from echoic.errors import DataError
from echoic.workers.process import work


def begin(link: Any) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Reads the setup; returns what carries out an order."""
    given = link.read()["given"]

    def carry_out(order: Mapping[str, Any]) -> dict[str, Any]:
        if order["task"] == "refuse":
            raise DataError("bad data")
        begun = Path(order["place"]) / order["name"]
        tries = begun.read_text() if begun.exists() else ""
        begun.write_text(tries + "x")
        if order["task"] in {"die", "get further"} or (order["task"] == "die once" and not tries):
            link.write({"step": 1})
            os.kill(os.getpid(), signal.SIGKILL)
        return {"text": given + order["name"], "tries": len(tries) + 1}

    return carry_out


if __name__ == "__main__":
    work(Path(sys.argv[1]), begin)
