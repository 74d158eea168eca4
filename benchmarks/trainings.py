"""Whole trainings of this echoic against those of an earlier one: CPU seconds of one thread, from the start of Python.

`--before` is a Python interpreter with the earlier version installed. All train the same networks on the same data in
batches of the same size for the same number of steps; settings whose names have changed are given to each by its own.
The versions take turns. In between, the new one trains with products in bfloat16 as well, where the job offers it.
"""

import json
import statistics
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from common import arguments, parse, publish, table
from peers.machine import processor

CHILD = Path(__file__).parent / "peers" / "training_steps.py"


class Work(NamedTuple):
    """A training: its data below `--data`, steps, settings of all versions, of the earlier one and of this one."""

    data: str
    steps: int
    shared: Mapping[str, Any] = MappingProxyType({})
    before: Mapping[str, Any] = MappingProxyType({})
    now: Mapping[str, Any] = MappingProxyType({})


WORKS = {
    "text": Work(
        data="text_tinyshakespeare/input.txt",
        steps=150,
        shared={"layers": (512,), "dropout": 0.0, "batch_size": 32},
        now={"network_weight": 1.0},
    ),
    "classify": Work(
        data="esc10_16k/meta.csv",
        steps=60,
        shared={
            "audio": "esc10_16k/audio",
            "group": "freesound_id",
            "layers": (128,),
            "dropout": 0.2,
            "batch_size": 32,
        },
        now={"conv_channels": (), "bidirectional": False, "pooling": "mean"},
    ),
    "audio": Work(data="speech_allison_16k", steps=60),
    "detect": Work(data="sed_birdsong_bird0/events.csv", steps=40, shared={"audio": "sed_birdsong_bird0/audio"}),
    "music": Work(data="music_bl2012/JSB_Chorales.mat", steps=150, shared={"head": "joint"}),
    "forecast": Work(
        data="ett_h1/ETTh1.csv",
        steps=150,
        shared={"time": "date", "lookback": 96, "horizon": 96, "layers": (256,), "batch_size": 32},
        before={"lookahead": "direct"},
        now={"strategy": "direct", "network_weight": 1.0},
    ),
}

REFUSES_BF16 = ("audio",)


class Seconds(NamedTuple):
    """CPU seconds of a training up to its first step, and up to its last one."""

    first: float
    last: float


def trained(python: str, job: str, work: Work, options: Namespace, added: Mapping[str, Any]) -> Seconds:
    """Trains once in a process of its own."""
    settings = {**work.shared, "threads": 1, **added}
    if "audio" in settings:
        settings["audio"] = str(options.data / settings["audio"])
    settings |= {"layers": (8,)} if options.smoke else {}
    steps = 2 if options.smoke else work.steps
    command = [python, str(CHILD), job, str(options.data / work.data), str(steps), json.dumps(settings)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    first, last = map(float, printed.split()[-2:])
    return Seconds(first, last)


def measured(job: str, work: Work, options: Namespace) -> dict[str, list[Seconds]]:
    """The times of all versions of one training, by round."""
    ways = {"now": (sys.executable, work.now)}
    if options.before:
        ways = {"before": (options.before, work.before), **ways}
    if job not in REFUSES_BF16:
        ways["bf16"] = (sys.executable, {**work.now, "precision": "bf16"})
    times: dict[str, list[Seconds]] = {name: [] for name in ways}
    for _ in range(1 if options.smoke else options.rounds):
        for name, (python, added) in ways.items():
            times[name].append(trained(python, job, work, options, added))
    return times


def ratios(before: list[Seconds], now: list[Seconds]) -> list[float]:
    """How many times as fast whole trainings are, by round."""
    return [one.last / other.last for one, other in zip(before, now, strict=True)]


def cells(times: dict[str, list[Seconds]], name: str) -> list[str]:
    """Medians of one version: seconds up to the first step, those of the steps, and the ratio to `before`."""
    if name not in times:
        return ["-", "-", "-"]
    start = statistics.median(one.first for one in times[name])
    steps = statistics.median(one.last - one.first for one in times[name])
    if name == "before" or "before" not in times:
        return [f"{start:.2f}", f"{steps:.1f}", "-"]
    faster = ratios(times["before"], times[name])
    return [
        f"{start:.2f}",
        f"{steps:.1f}",
        f"{statistics.median(faster):.2f} ({min(faster):.2f} to {max(faster):.2f})",
    ]


def summary(results: dict[str, dict[str, list[Seconds]]]) -> str:
    """The geometric means over the jobs."""
    if any("before" not in times for times in results.values()):
        return "There is nothing to compare with: `--before` is missing."
    now = [statistics.median(ratios(times["before"], times["now"])) for times in results.values()]
    best = [statistics.median(ratios(times["before"], times.get("bf16", times["now"]))) for times in results.values()]
    return (
        f"Geometric mean: {statistics.geometric_mean(now):.2f}x in float32, "
        f"{statistics.geometric_mean(best):.2f}x with `--precision bf16` where it is offered."
    )


def main() -> None:
    """Measures all jobs and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--before", help="a Python with an earlier echoic; without it this one is timed alone")
    parser.add_argument("--jobs", default=",".join(WORKS), help="jobs to train, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in turns")
    options = parse(parser, *(Path(work.data).parts[0] for work in WORKS.values()))
    options.data = options.data.resolve()
    jobs = ["music"] if options.smoke else options.jobs.split(",")
    results = {}
    for job in jobs:
        results[job] = measured(job, WORKS[job], options)
        print(job, *(cells(results[job], name) for name in results[job]), flush=True)
    headers = ["job", "steps"]
    for name in ("before", "now", "bf16"):
        headers += [f"{name}: start, s", "steps, s", "times as fast"][: 2 if name == "before" else 3]
    rows = [
        [job, WORKS[job].steps, *cells(times, "before")[:2], *cells(times, "now"), *cells(times, "bf16")]
        for job, times in results.items()
    ]
    body = f"{processor()}.\n\n{table(headers, rows)}\n\n{summary(results)}"
    publish("trainings", "Whole trainings against those of an earlier version", body, write=options.write)


if __name__ == "__main__":
    main()
