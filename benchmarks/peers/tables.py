"""The tables of benchmarks/kernels.py, from what its processes found."""

import statistics
from collections.abc import Sequence
from typing import Any

from common import table
from peers import machine
from peers.contenders import CONTENDERS
from peers.interleave import ratios, spread
from peers.workloads import SGEMM_SIZE

NONE = "-"

OURS = "echoic"

Process = dict[str, Any]
"""What one process found: its number of threads, the kernel in use, and `results`, one a workload."""

Result = dict[str, Any]
"""What `peers.measure.measured` gives."""

HEADINGS = {
    "training": "Training step, milliseconds",
    "step": "One step of one stream, state in and out, one call a step: microseconds",
    "streams": "One step of many streams: microseconds of core time a stream",
    "loop": "Closed loop in one call: microseconds a step",
}


def report(found: Sequence[Process], *, rounds: int, block_s: float, tiny: bool, avx2: bool) -> str:
    """All tables, under what they were measured on and how."""
    described = {result["name"]: result["description"] for process in found for result in process["results"]}
    parts = ["**Tiny sizes: a trial of the program, no measurement.**"] if tiny else []
    parts += (
        [
            "Everyone is held to AVX2 by "
            + ", ".join(f"{name}={value}" for name, value in machine.AVX2.items())
            + " and XLA's --xla_cpu_max_isa=AVX2."
        ]
        if avx2
        else []
    )
    parts += [_protocol(rounds, block_s), "\n".join(f"- {name}: {what}" for name, what in described.items())]
    parts += [section for process in found for kind in HEADINGS if (section := _section(kind, process))]
    return "\n\n".join(parts)


def _protocol(rounds: int, block_s: float) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions().items())
    cured = ", ".join(f"{name}={value}" for name, value in machine.CURED.items())
    return (
        f"{machine.processor()}. {versions}.\n\n"
        f"One process for each number of threads, held to as many cores (affinity); {cured} for everyone; torch, "
        "OpenMP and onnxruntime are given the number of threads, JAX takes one for each core, and with one thread "
        "XLA_FLAGS=--xla_cpu_multi_thread_eigen=false. Float32, the same weights and data for all, results compared "
        f"before timing. Times are medians over {rounds} rounds in which all take turns of about {block_s} s, every "
        f"other round backwards. A peer's ratio (its time over {OURS}'s in the same round) is the median over rounds, "
        "with the least and the greatest."
    )


def _section(kind: str, process: Process) -> str:
    results = [result for result in process["results"] if result["kind"] == kind]
    there = [one for one in CONTENDERS[kind] if any(one.name in result["seconds"] for result in results)]
    if not there:
        return "\n".join(_left_out(kind, results))
    threads = process["threads"]
    headers = ["workload", *(one.title for one in there)]
    rows = [[result["name"], *(_time(result, one.name) for one in there)] for result in results]
    if kind == "training":
        headers += [f"{OURS}, GFLOP/s", f"of sgemm {SGEMM_SIZE}²", "sgemm, GFLOP/s", "of FMA peak", "FMA peak, GFLOP/s"]
        rows = [[*row, *_rates(result, threads)] for row, result in zip(rows, results, strict=True)]
    heading = f"### {HEADINGS[kind]}, {threads} thread{'s' if threads > 1 else ''}"
    notes = [f"Kernel in use: {process['kernel'] or NONE}.", *_left_out(kind, results), *_agreement(kind, results)]
    return "\n\n".join([heading, table(headers, rows), " ".join(notes)])


def _time(result: Result, name: str) -> str:
    """Median time, and for a peer its ratio to ours."""
    seconds = result["seconds"].get(name)
    if seconds is None:
        return NONE
    middle = statistics.median(seconds) * result["unit"]
    time = f"{middle:.3g}" if middle < 999.5 else f"{middle:,.0f}"
    ours = result["seconds"].get(OURS)
    return time if name == OURS or ours is None else f"{time}; {spread(ratios(seconds, ours))}"


def _rates(result: Result, threads: int) -> list[str]:
    """Ours in GFLOP/s, its share of the product's rate in the same round and that rate, its share of the FMA peak."""
    if not result["seconds"]:
        return [NONE] * 5
    product = [2 * SGEMM_SIZE**3 / seconds / 1e9 for seconds in result["seconds"]["sgemm"]]
    ours = [result["flops"] / seconds / 1e9 for seconds in result["seconds"].get(OURS, [])]
    peak = threads * result["peak"] if result["peak"] else None
    return [
        f"{statistics.median(ours):.1f}" if ours else NONE,
        f"{statistics.median(ratios(ours, product)):.0%}" if ours else NONE,
        f"{statistics.median(product):.0f}",
        f"{statistics.median(ours) / peak:.0%}" if ours and peak else NONE,
        f"{peak:.0f}" if peak else NONE,
    ]


def _left_out(kind: str, results: Sequence[Result]) -> list[str]:
    """Who is not there, where and why."""
    where: dict[tuple[str, str], list[str]] = {}
    titles = {one.name: one.title for one in CONTENDERS[kind]}
    for result in results:
        for name, why in result["left_out"].items():
            where.setdefault((titles[name], why), []).append(result["name"])
    return [f"Left out: {title} ({why}: {', '.join(names)})." for (title, why), names in where.items()]


def _agreement(kind: str, results: Sequence[Result]) -> list[str]:
    """How well those agree who are there."""
    worst: dict[str, float] = {}
    for one in CONTENDERS[kind]:
        found = [result["deviations"][one.name] for result in results if one.name in result["deviations"]]
        if found:
            worst[one.title] = max(found)
    what = "First losses" if kind == "training" else "Outputs"
    first, *others = worst
    apart = ", ".join(f"{title} {worst[title]:.1g}" for title in others)
    return [f"{what} differ from those of {first} by at most (relative): {apart}."] if others else []
