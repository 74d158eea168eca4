"""One process of benchmarks/kernels.py: times all contenders on all workloads with one number of threads."""

import gc
import json
import statistics
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from peers import interleave, tables
from peers.contenders import CONTENDERS, Entry
from peers.stepper import AbsentError
from peers.workloads import LIVE, SGEMM_SIZE, SMALL, TRAINING, Live, Training


def entries(workload: Training | Live, threads: int, only: Sequence[str]) -> tuple[dict[str, Entry], dict[str, str]]:
    """Entries of a workload, and the reason for each contender that is left out."""
    included: dict[str, Entry] = {}
    left_out: dict[str, str] = {}
    for contender in CONTENDERS[workload.kind]:
        if only and contender.name not in only:
            continue
        if workload.name in contender.unsupported:
            left_out[contender.name] = "it does not support this workload"
            continue
        try:
            included[contender.name] = contender.make(workload, threads)
        except ModuleNotFoundError as error:
            left_out[contender.name] = f"the package `{error.name}` is not installed"
        except AbsentError as error:
            left_out[contender.name] = str(error)
    return included, left_out


def deviations(included: dict[str, Entry]) -> dict[str, float]:
    """Largest deviation of each entry from the first one, relative to its largest result; for losses, of the first.

    Raises:
        SystemExit: a deviation is too large for the same network and data.
    """
    checks = {name: entry.check() for name, entry in included.items()}
    largest = {}
    for name, numbers in checks.items():
        first = next(iter(checks.values()))
        deviation = np.abs(numbers - first) / np.abs(first).max()
        if not (deviation <= included[name].tolerance).all():
            raise SystemExit(
                f"{name} deviates from the reference: got {numbers.ravel()[:5]}, expected {first.ravel()[:5]}."
            )
        largest[name] = float(deviation.flat[0] if deviation.ndim == 1 else deviation.max())
    return largest


def measure(workload: Training | Live, options: dict[str, Any]) -> dict[str, Any]:
    """Compares and times all contenders of one workload; for training, with upper bounds of the machine."""
    if options["tiny"]:
        workload, sgemm_size = workload.tiny(), 64
    else:
        sgemm_size = SGEMM_SIZE
    included, left_out = entries(workload, options["threads"], options["only"])
    compared = deviations(included)
    runs = {name: entry.run for name, entry in included.items()}
    peaks: list[float] = []
    if isinstance(workload, Training) and included:
        ceilings = import_module("peers.ceilings")
        runs["sgemm"] = ceilings.sgemm(sgemm_size)
        if fma := ceilings.fma(peaks):
            runs["fma"] = fma
    clock = time.process_time if options["cpu_time"] or workload.kind == "streams" else time.perf_counter
    seconds = interleave.measure(runs, options["rounds"], options["block"], clock)
    gc.collect()
    return {
        "name": workload.name,
        "kind": workload.kind,
        "description": str(workload),
        "sgemm_size": sgemm_size,
        "flops": workload.flops() if isinstance(workload, Training) else None,
        "unit": workload.unit,
        "seconds": seconds,
        "peak": statistics.median(peaks) if peaks else None,
        "left_out": left_out,
        "deviations": compared,
    }


def kernel(threads: int) -> str | None:
    """Sets torch's threads; the kernel that echoic uses, or None if it is not installed."""
    try:
        import_module("torch").set_num_threads(threads)
        return str(import_module("echoic.ops").kernel())
    except ModuleNotFoundError as error:
        print(f"the package `{error.name}` is not installed", file=sys.stderr)
        return None


def main() -> None:
    """Reads the options as JSON from the command line, and writes the results to a file."""
    options = json.loads(sys.argv[1])
    in_use = kernel(options["threads"])
    results = []
    every: list[Training | Live] = [*TRAINING, *SMALL, *LIVE]
    for workload in every:
        if workload.name in options["workloads"]:
            results.append(measure(workload, options))
            print(tables.line(results[-1], options["threads"]), flush=True)
    Path(options["out"]).write_text(json.dumps({"threads": options["threads"], "kernel": in_use, "results": results}))


if __name__ == "__main__":
    main()
