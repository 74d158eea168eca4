"""Every example runs as a user would run it, without a warning and without a file of theirs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
HUNG_S = 900
QUICK = {
    "forecast_csv.py": ["--epochs", "2"],
    "detect_events.py": ["--epochs", "1"],
    "classify_clips.py": ["--epochs", "1"],
    "transpose_tunes.py": ["--epochs", "3"],
    "write_sound.py": ["--epochs", "1"],
    "write_text.py": ["--epochs", "2"],
}
EXPECTED = {
    "continue_signal.py": "period: ",
    "forecast_csv.py": "report: ",
    "detect_events.py": "predictions with a latency of 56 ms",
    "live_state.py": "largest difference from one pass: ",
    "classify_clips.py": "nearest_centroid: accuracy: ",
    "transpose_tunes.py": "in all twelve keys: ",
    "write_sound.py": "bits a sample: ",
    "write_text.py": "nats a character: ",
}


def test_every_example_is_tested() -> None:
    assert [script.name for script in SCRIPTS] == sorted(EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example_runs(tmp_path: Any, script: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), *QUICK.get(script.name, [])],
        cwd=tmp_path,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HUNG_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert EXPECTED[script.name] in done.stdout
    assert script.read_text("utf-8").startswith('"""')
