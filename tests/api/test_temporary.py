"""Runs that nobody named leave nothing behind."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import echoic
from echoic.errors import EchoicError

SCRIPT = """
import os, echoic
run = echoic.train("forecast", "synth:sine,steps=150", lookback=10, layers=(4,), epochs=1, threads=1)
child = os.fork()
if not child:
    raise SystemExit
os.waitpid(child, 0)
assert echoic.load(run.path).result()["steps"] > 0
print(run.path)
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_run_without_a_name_lasts_as_long_as_the_process_and_is_gone_after_it(tmp_path: Path) -> None:
    environment = {"TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)
    assert list(tmp_path.glob("echoic-*")) == []


def test_a_refused_call_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(EchoicError):
        echoic.train("forecast", "synth:sine,steps=150", lookback=10**6)
    assert list(tmp_path.iterdir()) == []
