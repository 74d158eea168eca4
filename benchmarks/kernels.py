"""Speed of the compiled kernels, torch, JAX, Keras and onnxruntime: training steps, live steps and closed loops.

There is one process per number of threads, pinned to as many cores. In it all contenders alternate, with the same
weights and data, and are timed only after their results have been compared. `--workloads` and `--only` select workloads
and contenders. A contender is left out, with a sentence, if its package is not installed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from common import publish
from peers import machine, tables, workloads
from peers.contenders import NAMES


def parse_options() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--threads", type=_integers, default=[1, 2], help="numbers of threads, separated by commas")
    add("--live-threads", type=_integers, default=[1], help="numbers of threads for live workloads")
    add("--workloads", type=_names(workloads.NAMES), default=workloads.DEFAULT, help="of " + ", ".join(workloads.NAMES))
    add("--only", type=_names(NAMES), default=[], help="contenders, of " + ", ".join(NAMES))
    add("--avx2", action="store_true", help="limit all contenders to AVX2; training only")
    add("--rounds", type=int, default=9, help="number of rounds; each contender runs once per round")
    add("--block", type=float, default=0.3, help="seconds per contender and round; at least one step")
    add("--cpu-time", action="store_true", help="measure CPU time: for one thread, on a machine that does other work")
    add("--smoke", action="store_true", help="one short round on tiny networks, to try the script")
    add("--write", action="store_true", help="write the tables to RESULTS.md")
    options = parser.parse_args()
    if options.smoke:
        if options.write:
            parser.error("--write is not allowed with --smoke, whose results are meaningless; remove one of them")
        options.threads, options.live_threads, options.rounds, options.block = [1], [1], 1, 0.001
    return options


def measure(options: argparse.Namespace, threads: int) -> dict[str, Any]:
    """Runs one process; its results."""
    live = threads in options.live_threads and not options.avx2
    excluded = [] if live else [workload.name for workload in workloads.LIVE]
    arguments = {
        "threads": threads,
        "workloads": [name for name in options.workloads if name not in excluded],
        "only": options.only,
        "rounds": options.rounds,
        "block": options.block,
        "tiny": options.smoke,
        "cpu_time": options.cpu_time,
    }
    here = Path(__file__).parent
    environment = machine.environment(threads, avx2=options.avx2)
    with tempfile.TemporaryDirectory() as folder, machine.pinned(threads):
        out = Path(folder) / "results.json"
        paths = [str(here), *filter(None, [environment.get("PYTHONPATH")])]
        process = subprocess.run(
            [sys.executable, "-m", "peers.measure", json.dumps({**arguments, "out": str(out)})],
            env={**environment, "PYTHONPATH": ":".join(paths)},
            check=False,
        )
        if process.returncode:
            code = process.returncode
            raise SystemExit(f"The process with {threads} threads failed with exit code {code}; see above.")
        results: dict[str, Any] = json.loads(out.read_text())
        return results


def _integers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _names(choices: Sequence[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        given = text.split(",")
        unknown = [name for name in given if name not in choices]
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown name {', '.join(unknown)}; choose from {', '.join(choices)}")
        return given

    return names


def main() -> None:
    """Runs the processes and prints the tables."""
    options = parse_options()
    processes = [measure(options, threads) for threads in options.threads]
    body = tables.report(
        processes,
        rounds=options.rounds,
        block_s=options.block,
        tiny=options.smoke,
        avx2=options.avx2,
        cpu_time=options.cpu_time,
    )
    if "echoic" in machine.versions():
        name, limit = ("kernels-avx2", ", limited to AVX2") if options.avx2 else ("kernels", "")
        publish(name, f"The compiled kernels against their peers{limit}", body, write=options.write)
    else:
        print(body)


if __name__ == "__main__":
    main()
