"""Training killed wherever it can hurt comes back: `benchmarks/reliability.py`, with fewer random kills."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "reliability.py"

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks, and reads /proc")


def shoot(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--json", *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.stdout, done.stderr
    counts: dict[str, Any] = json.loads(done.stdout)
    assert counts["bad"] == [], done.stderr
    assert done.returncode == 0
    return counts


def test_kills_at_random_times_are_survived() -> None:
    assert shoot("--only", "random", "--kills", "25")["attempts"] == {"random": 25}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "ways"), [("writes", {"kill"}), ("power", {"lose", "tear"}), ("faults", {"once", "full"})]
)
def test_a_strike_at_every_file_call_is_survived(kind: str, ways: set[str]) -> None:
    counts = shoot("--only", kind)
    assert counts["calls"] > 100
    assert counts["attempts"] == dict.fromkeys(ways, counts["calls"])
