"""Runs survive kills, power cuts and full disks: `benchmarks/reliability.py`, shorter and with fewer attempts."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HUNG_S = 3000
RANDOM_KILLS = 5
EVERY = 5
"""Of the file calls, every one of so many: each call is reached by one of the five faults."""

KINDS = [part for kind in ("random", "writes", "power", "faults") for part in ("--only", kind)]
OPTIONS = ["--json", "--epochs=1", f"--kills={RANDOM_KILLS}", f"--every={EVERY}"]
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reliability.py"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and reads /proc")


@pytest.fixture(scope="module")
def counts() -> dict[str, Any]:
    """The counts of all attempts, made by one process."""
    process = subprocess.run(
        [sys.executable, str(SCRIPT), *OPTIONS, *KINDS],
        capture_output=True,
        text=True,
        timeout=HUNG_S,
        check=False,
    )
    assert process.stdout, process.stderr
    found: dict[str, Any] = json.loads(process.stdout)
    assert process.returncode == bool(found["failures"]), process.stderr
    return found


def failures(counts: dict[str, Any], faults: set[str]) -> list[str]:
    """Those whose first word is one of the faults."""
    return [failure for failure in counts["failures"] if failure.split()[0] in faults]


@pytest.mark.slow
def test_kills_at_random_times_are_survived(counts: dict[str, Any]) -> None:
    assert failures(counts, {"random"}) == []
    assert counts["attempts"]["random"] == RANDOM_KILLS


@pytest.mark.slow
@pytest.mark.parametrize("faults", [{"kill"}, {"lose", "tear"}, {"once", "full"}], ids=["writes", "power", "faults"])
def test_a_fault_in_any_file_call_is_survived(counts: dict[str, Any], faults: set[str]) -> None:
    assert failures(counts, faults) == []
    assert counts["calls"] > 75
    assert all(0 <= counts["attempts"][how] - counts["calls"] // EVERY <= 1 for how in faults)
