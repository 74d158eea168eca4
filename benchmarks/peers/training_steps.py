"""Trains with whichever echoic its interpreter has, and prints the CPU seconds up to the first and the last step.

Run as `python training_steps.py JOB DATA STEPS SETTINGS`, the settings as JSON. The seconds are those of the whole
process with its imports. The process ends at the last step, since earlier versions cannot be told where to end.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import echoic


def main() -> None:
    """Trains until the last step, prints both times, and leaves."""
    job, data, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
    settings = {
        name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(sys.argv[4]).items()
    }
    begun: list[float] = []

    def watch(progress: Any) -> None:
        if progress.step >= 1 and not begun:
            begun.append(time.process_time())
        if progress.step >= steps:
            print(begun[0], time.process_time(), flush=True)
            sys.exit()

    with tempfile.TemporaryDirectory() as folder:
        echoic.train(job, data, out=Path(folder) / "run", config=settings, on_progress=watch)
    sys.exit(f"{job} ended before step {steps}")


if __name__ == "__main__":
    main()
