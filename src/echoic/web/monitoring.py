"""Counters and latencies of the server, as text in the Prometheus format."""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import final

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Upper bounds of the buckets of latencies."""

_HELP = {
    "echoic_connections": ("gauge", "Open connections."),
    "echoic_chunks_total": ("counter", "Chunks processed."),
    "echoic_batches_total": ("counter", "Calls of networks; each processes chunks of many connections."),
    "echoic_dropped_total": ("counter", "Connections dropped, by reason."),
    "echoic_latency_seconds": ("histogram", "From a chunk's arrival to its result."),
}


@final
@dataclass
class Monitor:
    """What has happened since the start."""

    connections: int = 0
    chunks: int = 0
    batches: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    latencies: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    latency_sum_s: float = 0.0

    def add_latency(self, seconds: float) -> None:
        """Counts a result that came `seconds` after its chunk."""
        self.chunks += 1
        self.latencies[bisect_left(BOUNDS_S, seconds)] += 1
        self.latency_sum_s += seconds

    def to_text(self) -> str:
        """All numbers in the Prometheus text format."""
        lines = list[str]()
        for name, (kind, text) in _HELP.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}", *self._samples(name)]
        return "\n".join(lines) + "\n"

    def _samples(self, name: str) -> list[str]:
        if name == "echoic_latency_seconds":
            return self._histogram(name)
        if name == "echoic_dropped_total":
            return [f'{name}{{reason="{reason}"}} {count}' for reason, count in sorted(self.dropped.items())]
        values = {
            "echoic_connections": self.connections,
            "echoic_chunks_total": self.chunks,
            "echoic_batches_total": self.batches,
        }
        return [f"{name} {values[name]}"]

    def _histogram(self, name: str) -> list[str]:
        lines, total = list[str](), 0
        for bound, count in zip((*map(str, BOUNDS_S), "+Inf"), self.latencies, strict=True):
            total += count
            lines.append(f'{name}_bucket{{le="{bound}"}} {total}')
        return [*lines, f"{name}_sum {self.latency_sum_s:.6f}", f"{name}_count {total}"]
