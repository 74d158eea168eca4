"""Kills training at every critical point, resumes it, and counts the runs that are not bit for bit the same.

    python benchmarks/reliability.py               # every write, power cut and disk fault; 200 kills at random times
    python benchmarks/reliability.py --only random --kills 1000
    python benchmarks/reliability.py --only flips --flips 500

The parent imports torch once and forks a child for each attempt. A shim around the file calls of the child counts
them and fails at a given one. Compared with an undisturbed run: weights, optimizer, random state and trainer state of
the last checkpoint, the best model, the metrics and the calibration.

    writes   SIGKILL before every file call and in the middle of every write
    power    the same, and all data not yet synced are lost: contents, renames and deletions
    faults   each file call in turn fails as on a full disk, once or from then on
    random   SIGKILL after a random time, up to three times in a row
    jobs     the same for small trainings of all jobs, with folds, from a run, in two threads (see job_kills.py)
    inputs   damaged copies of a file of each format (see damaged_inputs.py)
    forged   run folders with one wrong value and right digests, of every job, used by every verb (see forged_runs.py)
    flips    one bit flipped in a file of a finished run, round all files of runs of three jobs (see bit_flips.py)
    signals  SIGINT, SIGTERM and SIGHUP in the phases of every command line of every job (see signals.py)
    disks    every call that changes a file fails, in every command line of every job (see full_disks.py)
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

os.environ["OMP_NUM_THREADS"] = "1"

import torch

from bit_flips import flip_bits
from command_lines import lines
from damaged_inputs import read_damaged
from forged_runs import use_forged
from forked_commands import ForkedCommands
from full_disks import fill_disks, restart_with_shim
from job_kills import kill_jobs
from kills import SETTINGS, Trial
from signals import send_signals

KINDS = {"writes": ["kill"], "power": ["lose", "tear"], "faults": ["once", "full"]}
FAULTS = [how for hows in KINDS.values() for how in hows]
OTHERS = ["jobs", "inputs", "forged", "flips", "signals", "disks"]


def of_other_runs(
    options: argparse.Namespace, kinds: list[str], folder: Path
) -> tuple[list[str], dict[str, dict[str, Any]], list[str]]:
    """Does the kinds that make their own runs; the other kinds, the counts and the failures."""
    chosen = [line for line in lines() if options.line in line][:: options.every]
    works: dict[str, Callable[[], tuple[dict[str, Any], list[str]]]] = {
        "jobs": lambda: kill_jobs(folder / "jobs", options.kills, options.seed),
        "inputs": lambda: read_damaged(options.inputs, options.seed, folder / "inputs"),
        "forged": lambda: use_forged(folder / "forged", options.forged, options.seed),
        "flips": lambda: flip_bits(folder / "flips", options.flips, options.seed),
        "signals": lambda: send_signals(ForkedCommands(folder / "signals"), chosen, options.phases),
        "disks": lambda: fill_disks(ForkedCommands(folder / "disks"), chosen, options.calls),
    }
    counts, failures = dict[str, dict[str, Any]](), list[str]()
    for kind in (one for one in works if one in kinds):
        started_at = time.monotonic()
        counts[kind], failed = works[kind]()
        failures += failed
        if not options.json:
            print(f"{kind:8} {time.monotonic() - started_at:.0f} s: {counts[kind]}", flush=True)
            if kind in {"signals", "disks"}:
                print(f"\n| verb | {kind} |\n| --- | --- |")
                print("\n".join(f"| {verb} | {number} |" for verb, number in counts[kind].items()) + "\n")
    return [kind for kind in kinds if kind not in works], counts, failures


def main() -> None:
    """Runs the attempts and prints a line for each kind; the exit code is 1 if a run failed."""
    parser = argparse.ArgumentParser(description="Kill training at every critical point, and resume it.")
    parser.add_argument("--kills", type=int, default=200, help="kills at random times")
    parser.add_argument("--flips", type=int, default=500, help="flipped bits")
    parser.add_argument("--inputs", type=int, default=300, help="damaged copies of each format")
    parser.add_argument("--forged", type=int, default=300, help="forged copies of a run of each job")
    parser.add_argument("--phases", type=int, default=12, help="phases of each command line that get a signal")
    parser.add_argument("--calls", type=int, default=1000, help="calls of each command line that fail")
    parser.add_argument("--line", default="", help="only command lines with this text, such as 'predict'")
    parser.add_argument(
        "--every",
        type=int,
        default=1,
        help="of the command lines, and of the file calls that fail, only every one of so many",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random times")
    parser.add_argument("--epochs", type=int, default=SETTINGS["epochs"], help="epochs of each training")
    parser.add_argument(
        "--only", choices=[*KINDS, "random", *OTHERS], action="append", help="kinds to run; all by default"
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args()
    if not options.only or "disks" in options.only:
        restart_with_shim()
    SETTINGS["epochs"] = options.epochs
    torch.set_num_threads(1)
    memory = Path("/dev/shm")  # noqa: S108 - in memory, to be fast
    with tempfile.TemporaryDirectory(prefix="echoic-kills-", dir=memory if memory.is_dir() else None) as folder:
        kinds = options.only or [*KINDS, "random", *OTHERS]
        kinds, others, other_failures = of_other_runs(options, kinds, Path(folder))
        if not kinds:
            end(options.json, others, other_failures)
        trial = Trial(Path(folder))
        for kind in kinds:
            started_at = time.monotonic()
            if kind == "random":
                trial.kill_at_random(options.kills, options.seed)
            for how in KINDS.get(kind, ()):
                # Each fault begins at another call, so that together they reach more of them.
                trial.fail_at_calls(how, range(1 + FAULTS.index(how) % options.every, trial.calls + 1, options.every))
            if not options.json:
                count = sum(trial.attempts.get(how, 0) for how in KINDS.get(kind, ["random"]))
                print(f"{kind:8} {count:5} attempts in {time.monotonic() - started_at:.0f} s", flush=True)
    if not options.json:
        print(f"{sum(trial.attempts.values())} attempts")
    end(
        options.json,
        {"calls": trial.calls, "attempts": trial.attempts} | others,
        trial.failures + other_failures,
    )


def end(as_json: bool, counts: dict[str, Any], failures: list[str]) -> NoReturn:  # noqa: FBT001
    """Prints the failures, and exits with 1 if there are any."""
    if as_json:
        print(json.dumps(counts | {"failures": failures}))
    else:
        print(f"{len(failures)} failures")
        print("\n".join(failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
