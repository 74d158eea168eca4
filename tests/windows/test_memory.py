"""Windows are indices: a long series is never copied."""

import subprocess
import sys

import pytest

STEPS = 5_000_000
ROUNDS = 200
SLACK_MB = 5  # a few batches, and pages of the allocator

CODE = """
import re, sys
from pathlib import Path
import numpy as np, torch
from echoic.types import Series
from echoic.windows import Panel, ShuffledSampler, Windows, full_ranges

torch.set_num_threads(1)
steps, rounds = int(sys.argv[1]), int(sys.argv[2])

def peak_mb():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1000

def visit(values, rounds):
    series = [Series("a", values, ("y",))]
    panel = Panel.from_series(series)
    sampler = ShuffledSampler(Windows(full_ranges(series), 96, 24), 64)
    for _, index in zip(range(rounds), sampler.epoch(0, 0)):
        panel.window(index.starts, index.steps)

visit(np.ones((10_000, 1), np.float32), 3)
values = np.ones((steps, 1), np.float32)
Path("/proc/self/clear_refs").write_text("5")
before = peak_mb()
visit(values, rounds)
print(peak_mb() - before, values.nbytes / 1e6)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_shuffled_windows_of_a_long_series_need_at_most_its_own_size_again() -> None:
    command = [sys.executable, "-c", CODE, str(STEPS), str(ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    grown_mb, data_mb = map(float, done.stdout.split())
    assert data_mb == pytest.approx(20)
    assert grown_mb < data_mb + SLACK_MB
