"""Training without `out` where no temporary folder can be made."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

import echoic
from echoic.errors import RunError


def test_a_missing_place_for_temporary_folders_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    wave = np.sin(np.arange(120, dtype=np.float32) / 4)
    with pytest.raises(RunError, match=r"no place for a temporary folder \(No such file or directory\); set TMPDIR"):
        echoic.train("forecast", wave, lookback=8, layers=(4,), epochs=1)
