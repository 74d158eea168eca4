"""The tables of benchmarks/kernels.py."""

import statistics
from collections.abc import Sequence
from typing import Any

from common import table
from peers import machine
from peers.contenders import CONTENDERS
from peers.interleave import ratios, spread

NONE = "-"

OURS = "echoic"

Process = dict[str, Any]
"""Results of one process: `threads`, the `kernel` in use, and `results`, one per workload."""

Result = dict[str, Any]
"""A result of `peers.measure.measure`."""

HEADINGS = {
    "training": "Training step, milliseconds",
    "step": "One step of one stream, state in and out, one call per step: microseconds",
    "streams": "One step of many streams: microseconds of core time per stream",
    "loop": "Closed loop in one call: microseconds per step",
}


def report(processes: Sequence[Process], *, rounds: int, block_s: float, tiny: bool, avx2: bool, cpu_time: bool) -> str:
    """Machine, protocol, workloads and all tables."""
    described = {result["name"]: result["description"] for process in processes for result in process["results"]}
    parts = ["**Smoke run with tiny sizes: the results are meaningless.**"] if tiny else []
    parts += (
        [
            "All contenders are limited to AVX2 by "
            + ", ".join(f"{name}={value}" for name, value in machine.AVX2.items())
            + " and XLA's --xla_cpu_max_isa=AVX2."
        ]
        if avx2
        else []
    )
    parts += [
        _protocol(rounds, block_s) + (" All times are CPU time." if cpu_time else ""),
        "\n".join(f"- {name}: {description}" for name, description in described.items()),
    ]
    parts += [section for process in processes for kind in HEADINGS if (section := _section(kind, process))]
    return "\n\n".join(parts)


def line(result: Result, threads: int) -> str:
    """Times of all contenders on one workload, as printed when it has been measured."""
    unit = "ms" if result["kind"] == "training" else "µs"
    times = [
        f"{one.title} {_time(result, one.name)}" for one in CONTENDERS[result["kind"]] if one.name in result["seconds"]
    ]
    return f"| {_count(threads)}, {result['name']}, {unit} | {' | '.join(times) or NONE} |"


def _count(threads: int) -> str:
    return f"{threads} thread{'s' if threads > 1 else ''}"


def _protocol(rounds: int, block_s: float) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions().items())
    allocator = ", ".join(f"{name}={value}" for name, value in machine.ALLOCATOR.items())
    return (
        f"{machine.processor()}. {versions}.\n\n"
        f"One process per number of threads, pinned to as many cores; {allocator} for all contenders. torch, OpenMP "
        "and onnxruntime get the number of threads; JAX uses one per core, and with one thread "
        "XLA_FLAGS=--xla_cpu_multi_thread_eigen=false. Float32, the same weights and data for all, results compared "
        f"before timing. Times are medians over {rounds} rounds of about {block_s} s per contender, with alternating "
        f"order. Peers have a ratio, too (their time over that of {OURS} in the same round): median over rounds, "
        "with minimum and maximum."
    )


def _section(kind: str, process: Process) -> str:
    results = [result for result in process["results"] if result["kind"] == kind]
    present = [one for one in CONTENDERS[kind] if any(one.name in result["seconds"] for result in results)]
    if not present:
        return "\n".join(_left_out(kind, results))
    threads = process["threads"]
    headers = ["workload", *(one.title for one in present)]
    rows = [[result["name"], *(_time(result, one.name) for one in present)] for result in results]
    if kind == "training":
        sgemm = f"of sgemm {results[0]['sgemm_size']}²"
        headers += [f"{OURS}, GFLOP/s", sgemm, "sgemm, GFLOP/s", "of FMA peak", "FMA peak, GFLOP/s"]
        rows = [[*row, *_rates(result, threads)] for row, result in zip(rows, results, strict=True)]
    heading = f"### {HEADINGS[kind]}, {_count(threads)}"
    notes = [f"Kernel in use: {process['kernel'] or NONE}.", *_left_out(kind, results), *_agreement(kind, results)]
    return "\n\n".join([heading, table(headers, rows), " ".join(notes)])


def _time(result: Result, name: str) -> str:
    """Median time, and for a peer the ratio to ours."""
    seconds = result["seconds"].get(name)
    if seconds is None:
        return NONE
    median = statistics.median(seconds) * result["unit"]
    time = f"{median:.3g}" if median < 999.5 else f"{median:,.0f}"
    ours = result["seconds"].get(OURS)
    return time if name == OURS or ours is None else f"{time}; {spread(ratios(seconds, ours))}"


def _rates(result: Result, threads: int) -> list[str]:
    """Our rate in GFLOP/s, and the rates of the matrix product and the FMA peak with our ratio to each."""
    if not result["seconds"]:
        return [NONE] * 5
    product = [2 * result["sgemm_size"] ** 3 / seconds / 1e9 for seconds in result["seconds"]["sgemm"]]
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
    """A sentence for each contender that is left out, with reason and workloads."""
    workloads: dict[tuple[str, str], list[str]] = {}
    titles = {one.name: one.title for one in CONTENDERS[kind]}
    for result in results:
        for name, reason in result["left_out"].items():
            workloads.setdefault((titles[name], reason), []).append(result["name"])
    return [f"{title} is left out of {', '.join(names)}: {reason}." for (title, reason), names in workloads.items()]


def _agreement(kind: str, results: Sequence[Result]) -> list[str]:
    """The largest deviation of each contender from the first."""
    worst: dict[str, float] = {}
    for one in CONTENDERS[kind]:
        values = [result["deviations"][one.name] for result in results if one.name in result["deviations"]]
        if values:
            worst[one.title] = max(values)
    compared = "First losses" if kind == "training" else "Outputs"
    first, *others = worst
    deviations = ", ".join(f"{title} {worst[title]:.1g}" for title in others)
    return [f"{compared} differ from those of {first} by at most (relative): {deviations}."] if others else []
