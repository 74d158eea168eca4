"""Every example runs as a user would run it, without a warning and without a file of theirs."""

from pathlib import Path

import pytest
from scripts import run_script

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
QUICK = {
    "forecast_csv.py": ["--epochs", "2"],
    "detect_events.py": ["--epochs", "1"],
    "classify_clips.py": ["--epochs", "1"],
    "model_pedal.py": ["--clips", "10", "--seconds", "0.05", "--minutes", "0.02"],
    "transcribe_morse.py": ["--clips", "20", "--minutes", "0.02"],
    "transpose_tunes.py": ["--epochs", "3"],
    "tune_forecast.py": ["--trials", "2", "--epochs", "1", "--workers", "1"],
    "write_sound.py": ["--epochs", "1", "--seconds", "20"],
    "write_text.py": ["--epochs", "2"],
}
EXPECTED = {
    "continue_signal.py": "period: ",
    "forecast_csv.py": "report: ",
    "detect_events.py": "events, known 76 ms after their end",
    "live_state.py": "largest difference from one pass: ",
    "classify_clips.py": "nearest_centroid: accuracy: ",
    "model_pedal.py": "error-to-signal ratio: ",
    "transcribe_morse.py": "character error rate: ",
    "transpose_tunes.py": "in all twelve keys: ",
    "tune_forecast.py": "luck",
    "write_sound.py": "bits a sample: ",
    "write_text.py": "nats a character: ",
}


def test_every_example_is_tested() -> None:
    assert [script.name for script in SCRIPTS] == sorted(EXPECTED)


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], script: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    run_script(script, *QUICK.get(script.name, []))
    assert EXPECTED[script.name] in capsys.readouterr().out
    assert script.read_text("utf-8").startswith('"""')
