"""The tables of benchmarks/kernels.py, from what its processes found."""

import statistics
from collections.abc import Sequence
from typing import Any

from common import table
from peers import machine
from peers.contenders import CONTENDERS
from peers.interleave import ratios, spread
from peers.workloads import LIVE, SGEMM_SIZE, TRAINING, Live, Training

NONE = "-"

OURS = "echoic"

KINDS = {
    "training": "Training step, milliseconds",
    "step": "One step of one stream, state in and out, one call a step: microseconds",
    "streams": "One step of many streams: microseconds of core time a stream",
    "loop": "Closed loop in one call: microseconds a step",
}

WORKLOADS: dict[str, Training | Live] = {workload.name: workload for workload in (*TRAINING, *LIVE)}


def report(found: Sequence[dict[str, Any]], *, rounds: int, block_s: float, tiny: bool) -> str:
    """All tables, under what they were measured on and how."""
    names = {result["name"] for process in found for result in process["results"]}
    parts = ["**Tiny sizes: a trial of the program, no measurement.**"] if tiny else []
    parts += [_protocol(rounds, block_s)]
    parts += ["\n".join(f"- {name}: {workload}" for name, workload in WORKLOADS.items() if name in names)]
    for process in found:
        parts += [section for kind in KINDS if (section := _section(kind, process, tiny=tiny))]
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


def _section(kind: str, process: dict[str, Any], *, tiny: bool) -> str:
    results = [result for result in process["results"] if WORKLOADS[result["name"]].kind == kind]
    there = [one for one in CONTENDERS[kind] if any(one.name in result["seconds"] for result in results)]
    if not there:
        return ""
    threads = process["threads"]
    heading = f"### {KINDS[kind]}, {threads} thread{'s' if threads > 1 else ''}"
    headers = ["workload", *(one.title for one in there)]
    rows = [[result["name"], *(_time(result, one.name) for one in there)] for result in results]
    notes = [f"Kernel in use: {process['kernel'] or NONE}."]
    if kind == "training":
        headers += [f"{OURS}, GFLOP/s", f"of sgemm {SGEMM_SIZE}²", "sgemm, GFLOP/s", "of FMA peak"]
        rows = [[*row, *_rates(result, process, tiny=tiny)] for row, result in zip(rows, results, strict=True)]
        peak = process["fma"]
        notes.append(f"FMA peak of one core: {NONE if peak is None else f'{peak:.0f} GFLOP/s'}.")
    notes += _notes(kind, results)
    return "\n\n".join([heading, table(headers, rows), " ".join(notes)])


def _time(result: dict[str, Any], name: str) -> str:
    """Median time, and for a peer its ratio to ours."""
    seconds = result["seconds"].get(name)
    if seconds is None:
        return NONE
    workload = WORKLOADS[result["name"]]
    unit = 1e3 if isinstance(workload, Training) else 1e6 / workload.count
    time = f"{statistics.median(seconds) * unit:.3g}"
    ours = result["seconds"].get(OURS)
    return time if name == OURS or ours is None else f"{time}; {spread(ratios(seconds, ours))}"


def _rates(result: dict[str, Any], process: dict[str, Any], *, tiny: bool) -> list[str]:
    """Ours in GFLOP/s, its share of the product's rate in the same round, that rate, and the share of the peak."""
    workload = WORKLOADS[result["name"]]
    product = [2 * SGEMM_SIZE**3 / seconds / 1e9 for seconds in result["seconds"]["sgemm"]]
    rate = f"{statistics.median(product):.0f}"
    if OURS not in result["seconds"] or not isinstance(workload, Training):
        return [NONE, NONE, rate, NONE]
    flops = (workload.tiny() if tiny else workload).flops()
    ours = [flops / seconds / 1e9 for seconds in result["seconds"][OURS]]
    share = statistics.median(ratios(ours, product))
    peak = process["fma"]
    of_peak = NONE if peak is None else f"{statistics.median(ours) / (peak * process['threads']):.0%}"
    return [f"{statistics.median(ours):.1f}", f"{share:.0%}", rate, of_peak]


def _notes(kind: str, results: Sequence[dict[str, Any]]) -> list[str]:
    """Who is not there, and how well those agree who are."""
    titles = {one.name: one.title for one in CONTENDERS[kind]}
    notes = []
    for name, title in titles.items():
        reasons: dict[str, list[str]] = {}
        for result in results:
            if name in result["left_out"]:
                reasons.setdefault(result["left_out"][name], []).append(result["name"])
        notes += [f"Left out: {title} ({', '.join(where)}: {why})." for why, where in reasons.items()]
    worst = {
        title: max(result["deviations"][name] for result in results if name in result["deviations"])
        for name, title in titles.items()
        if any(name in result["deviations"] for result in results)
    }
    what = "First losses" if kind == "training" else "Outputs"
    first, *others = worst
    apart = ", ".join(f"{title} {worst[title]:.1g}" for title in others)
    return [*notes, f"{what} differ from those of {first} by at most (relative): {apart}."] if others else notes
