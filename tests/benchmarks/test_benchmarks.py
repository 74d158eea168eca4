"""Every benchmark runs in its smallest form, on synthetic data and without the peers that are not installed."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from scripts import run_script

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
ELSEWHERE = {"reliability.py"}
"""Scripts that tests of their own run: those of tests/reliability."""
SCRIPTS = sorted(
    path
    for path in BENCHMARKS.glob("*.py")
    if '__name__ == "__main__"' in path.read_text("utf-8") and path.name not in ELSEWHERE
)

PROCESSES = {"processes.py", "serve.py"}
"""Scripts that fork or spawn processes, which a process that has used threads, or is no script, cannot do."""

pytestmark = pytest.mark.slow


def tables(text: str) -> list[list[str]]:
    """The Markdown tables of a text, each as its rows without the header."""
    lines = text.splitlines()
    starts = [number + 1 for number, line in enumerate(lines) if line.startswith("| ---")]
    ends = [next(end for end in range(start, len(lines)) if not lines[end].startswith("|")) for start in starts]
    return [lines[start:end] for start, end in zip(starts, ends, strict=True)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_benchmark_runs_and_prints_its_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], script: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    if script.name in PROCESSES:
        command = [sys.executable, str(script), "--smoke"]
        output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    else:
        run_script(script, "--smoke")
        output = capfd.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert f"`python {script} --smoke`" in output
    assert tables(output)
    assert all(rows and all(row.count("|") > 2 for row in rows) for rows in tables(output))
    if script.name == "kernels.py":
        check_kernels(output)
    if script.name == "speed.py":
        assert "NeuralForecast is left out" in output


def check_kernels(output: str) -> None:
    """Rows come before the tables, and each package that is not installed is named."""
    rows, _, report = output.partition("<!-- kernels -->")
    assert rows.splitlines()[0].startswith("| 1 thread, W1, ms | echoic ")
    assert len(rows.splitlines()) == 16
    for package in ("jax", "onnx"):
        installed = importlib.util.find_spec(package) is not None
        assert (f"the package `{package}` is not installed" in report) == (not installed)
