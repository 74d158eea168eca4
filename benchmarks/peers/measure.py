"""One process of benchmarks/kernels.py: every workload, with one number of threads, all contenders in turns."""

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

from peers import interleave
from peers.contenders import CONTENDERS, Entry
from peers.stepper import AbsentError
from peers.workloads import LIVE, TRAINING, Live, Training


def entries(workload: Training | Live, threads: int, only: Sequence[str]) -> tuple[dict[str, Entry], dict[str, str]]:
    """Those that take part, and for the others why not."""
    made, left_out = {}, {}
    for contender in CONTENDERS[workload.kind]:
        if only and contender.name not in only:
            continue
        if workload.name in contender.skips:
            left_out[contender.name] = "not made for it"
            continue
        try:
            made[contender.name] = contender.make(workload, threads)
        except ModuleNotFoundError as error:
            left_out[contender.name] = f"no module {error.name}"
        except AbsentError as error:
            left_out[contender.name] = str(error)
    return made, left_out


def deviations(made: dict[str, Entry]) -> dict[str, float]:
    """How far each is from the first, relative to the first's greatest number; of losses the one before any step.

    Raises:
        SystemExit: it is too far for the same network and data.
    """
    checks = {name: entry.check() for name, entry in made.items()}
    found = {}
    for name, numbers in checks.items():
        first = next(iter(checks.values()))
        apart = np.abs(numbers - first) / np.abs(first).max()
        if not (apart <= made[name].tolerance).all():
            raise SystemExit(f"{name} computes something else: {numbers.ravel()[:5]}, not {first.ravel()[:5]}.")
        found[name] = float(apart.flat[0] if apart.ndim == 1 else apart.max())
    return found


def measured(workload: Training | Live, options: dict[str, Any]) -> dict[str, Any]:
    """Checks and times all contenders of one workload; the machine's ceilings take turns with those that train."""
    made, left_out = entries(workload, options["threads"], options["only"])
    apart = deviations(made)
    runs = {name: entry.run for name, entry in made.items()}
    peaks: list[float] = []
    if isinstance(workload, Training) and made:
        ceilings = import_module("peers.ceilings")
        runs["sgemm"] = ceilings.sgemm()
        if fma := ceilings.fma(peaks):
            runs["fma"] = fma
    clock = time.process_time if workload.kind == "streams" else time.perf_counter
    seconds = interleave.measure(runs, options["rounds"], options["block"], clock)
    gc.collect()
    return {
        "name": workload.name,
        "kind": workload.kind,
        "description": str(workload),
        "flops": workload.flops() if isinstance(workload, Training) else None,
        "unit": workload.unit,
        "seconds": seconds,
        "peak": statistics.median(peaks) if peaks else None,
        "left_out": left_out,
        "deviations": apart,
    }


def kernel(threads: int) -> str | None:
    """What echoic runs on, once torch has been given its threads."""
    try:
        import_module("torch").set_num_threads(threads)
        return str(import_module("echoic.ops").kernel())
    except ModuleNotFoundError as error:
        print(f"no module {error.name}", file=sys.stderr)
        return None


def main() -> None:
    """Reads the options as JSON, and writes what was found to the file they name."""
    options = json.loads(sys.argv[1])
    in_use = kernel(options["threads"])
    results = []
    for workload in (*TRAINING, *LIVE):
        if workload.name in options["workloads"]:
            print(f"{options['threads']} threads: {workload.name}", file=sys.stderr, flush=True)
            results.append(measured(workload.tiny() if options["tiny"] else workload, options))
    Path(options["out"]).write_text(json.dumps({"threads": options["threads"], "kernel": in_use, "results": results}))


if __name__ == "__main__":
    main()
