"""HTML page of a drift report."""

from pathlib import Path

from echoic.drift.charts import drift_charts
from echoic.drift.report import DriftReport
from echoic.report import Section, Table, page
from echoic.writers.files import write_bytes


def write_drift_page(report: DriftReport, path: Path) -> None:
    """Writes the report as one self-contained HTML page.

    Raises:
        RunError: the file cannot be written.
    """
    names = [name for name in ("frechet_ratio", "spectral_ratio", "survival") if name in report.scores]
    rows = {"generated": report.scores} | {name: control.scores for name, control in report.controls.items()}
    table = Table(
        "Distance from real sound",
        ["", *names],
        [[row, *(rows[row][name] for name in names)] for row in rows],
    )
    rest = Table("All scores", ["", "value"], list(report.scores.items()), collapsed=True)
    section = Section("Drift", " ".join([report.summary, *report.notes]), [table], drift_charts(report), [rest])
    write_bytes(path, page("echoic drift", [section]).encode())
