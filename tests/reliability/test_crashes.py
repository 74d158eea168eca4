"""Runs survive kills, power cuts and full disks: `benchmarks/reliability.py`, shorter and with fewer random kills."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HUNG_S = 3000
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reliability.py"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and reads /proc")


def run_attempts(*arguments: str) -> dict[str, Any]:
    process = subprocess.run(
        [sys.executable, str(SCRIPT), "--json", "--epochs", "1", *arguments],
        capture_output=True,
        text=True,
        timeout=HUNG_S,
        check=False,
    )
    assert process.stdout, process.stderr
    counts: dict[str, Any] = json.loads(process.stdout)
    assert counts["failures"] == [], process.stderr
    assert process.returncode == 0
    return counts


@pytest.mark.slow
def test_kills_at_random_times_are_survived() -> None:
    assert run_attempts("--only", "random", "--kills", "25")["attempts"] == {"random": 25}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "faults"), [("writes", {"kill"}), ("power", {"lose", "tear"}), ("faults", {"once", "full"})]
)
def test_a_fault_in_every_file_call_is_survived(kind: str, faults: set[str]) -> None:
    counts = run_attempts("--only", kind)
    assert counts["calls"] > 75
    assert counts["attempts"] == dict.fromkeys(faults, counts["calls"])
