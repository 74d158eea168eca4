"""The compiled kernels against torch, JAX, Keras and onnxruntime: training steps, live steps and closed loops.

One process for each number of threads, held to as many cores; in it all contenders take turns, on the same weights and
data, and are timed only after they have been found to agree. `--only` and `--workloads` choose; a contender whose
package is missing is left out and named.
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


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=_numbers, default=[1, 2], help="thread counts, such as 1,2")
    parser.add_argument("--live-threads", type=_numbers, default=[1], help="those with which live networks run too")
    parser.add_argument(
        "--workloads", type=_chosen(workloads.NAMES), default=workloads.NAMES, help=", ".join(workloads.NAMES)
    )
    parser.add_argument("--only", type=_chosen(NAMES), default=[], help="contenders: " + ", ".join(NAMES))
    parser.add_argument("--avx2", action="store_true", help="hold everyone to AVX2; training only")
    parser.add_argument("--rounds", type=int, default=9, help="how often every contender has its turn")
    parser.add_argument("--block", type=float, default=0.3, help="seconds of a turn; at least one step")
    parser.add_argument("--tiny", action="store_true", help="small sizes: to try the program, not to measure")
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    return parser.parse_args()


def measured(chosen: argparse.Namespace, threads: int) -> dict[str, Any]:
    """What one process found."""
    live = [] if threads in chosen.live_threads and not chosen.avx2 else [workload.name for workload in workloads.LIVE]
    passed = {
        "threads": threads, "workloads": [name for name in chosen.workloads if name not in live], "only": chosen.only,
        "rounds": chosen.rounds, "block": chosen.block, "tiny": chosen.tiny,
    }  # fmt: skip
    here = Path(__file__).parent
    environment = machine.environment(threads, avx2=chosen.avx2)
    with tempfile.TemporaryDirectory() as folder, machine.held_to(threads):
        out = Path(folder) / "found.json"
        paths = [str(here), *filter(None, [environment.get("PYTHONPATH")])]
        done = subprocess.run(
            [sys.executable, "-m", "peers.measure", json.dumps({**passed, "out": str(out)})],
            env={**environment, "PYTHONPATH": ":".join(paths)},
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"The process with {threads} threads failed, see above: exit code {done.returncode}.")
        found: dict[str, Any] = json.loads(out.read_text())
        return found


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _chosen(known: Sequence[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        chosen = text.split(",")
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"no {', '.join(unknown)}; there are {', '.join(known)}")
        return chosen

    return names


def main() -> None:
    """One process after the other, then the tables."""
    chosen = options()
    found = [measured(chosen, threads) for threads in chosen.threads]
    body = tables.report(found, rounds=chosen.rounds, block_s=chosen.block, tiny=chosen.tiny, avx2=chosen.avx2)
    if "echoic" in machine.versions():
        name, held = ("kernels-avx2", ", everyone held to AVX2") if chosen.avx2 else ("kernels", "")
        publish(name, f"The compiled kernels against their peers{held}", body, write=chosen.write)
    else:
        print(body)


if __name__ == "__main__":
    main()
