"""The report of one run, or of several side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from echoic.charts import Chart
from echoic.errors import ConfigError, DataError
from echoic.jobs.facts import named_values, run_info, score_rows
from echoic.jobs.session import Run
from echoic.metrics.better import better
from echoic.report import Section, Table, page, write_figures
from echoic.report.tables import Better
from echoic.run.files import write_atomically

_NAMES = {"smape": "sMAPE", "coverage_80": "in 80 % interval", "coverage_95": "in 95 % interval"}


def write_report(runs: Sequence[Run], out: Path | None = None) -> Path:
    """Writes the report of `runs` as one HTML page and gives its path.

    One run without `out` gets `report.html` and `figures/` in its own folder; otherwise only `out` is written. Files
    are replaced whole: whoever reads meanwhile, or after a crash, sees the old one or the new one.

    Raises:
        ConfigError: there is no run, or there are several and no `out`.
        RunError: a run is damaged or has no model yet, or a file cannot be written.
        DataError: the data of a run are gone or have changed.
    """
    if not runs:
        raise ConfigError("A report needs at least one run.")
    if len(runs) > 1 and out is None:
        raise ConfigError("A report of several runs needs a page of its own: name it with `out`.")
    facts = [_Facts.of(run) for run in runs]
    if out is None:
        write_figures(facts[0].charts, runs[0].folder.figures, write_atomically)
    path = out or runs[0].path / "report.html"
    title = "echoic report" if len(runs) == 1 else f"echoic report: {len(runs)} runs"
    overview = _overview(facts) if len(runs) > 1 else None
    write_atomically(path, page(title, [_section(one) for one in facts], overview).encode())
    return path


@final
@dataclass(frozen=True, eq=False)
class _Facts:
    """All that the report says of a run. `part` is the one that was scored, None if none has a window."""

    name: str
    info: Mapping[str, Any]
    part: str | None
    evaluation: Any
    charts: Sequence[Chart]

    @classmethod
    def of(cls, run: Run) -> "_Facts":
        part, evaluation = _evaluated(run)
        charts = run.job.charts(run.fitted, run.metrics(), evaluation)
        return cls(run.path.resolve().name, run_info(run), part, evaluation, charts)

    @property
    def scores(self) -> Mapping[str, float]:
        return self.evaluation.scores if self.part else {}

    @property
    def data(self) -> str:
        """The file's name; its whole path stands in the details."""
        path = self.info["data"]["path"]
        return Path(path).name if path else "data in memory"


def _evaluated(run: Run) -> tuple[str | None, Any]:
    """The part that can be scored, test before dev, and its scores."""
    # Missing data are an error here, not a part without windows.
    _ = run.fitted.task.dataset.series
    for part in ("test", "dev"):
        try:
            return part, run.evaluate(part=part)
        except DataError:
            continue
    return None, None


def _overview(facts: Sequence[_Facts]) -> Table:
    scores = list(dict.fromkeys(name for one in facts for name in one.scores))
    rows = [
        [one.name, one.info["job"], one.data, one.info["parameters"], one.info["outcome"]["steps"], one.part]
        + [one.scores.get(name) for name in scores]
        for one in facts
    ]
    tested = {_what_was_scored(one) for one in facts}
    alike = len(tested) == 1 and None not in tested
    note = (
        "" if alike else "Not all runs were scored on the same steps of the same data, so no score is marked as best."
    )
    return Table(
        "Side by side",
        ["run", "job", "data", "parameters", "train steps", "scored on", *map(_score_name, scores)],
        rows,
        better=_better(scores) if alike else {},
        links=[f"run-{number}" for number in range(1, len(facts) + 1)],
        note=note,
    )


def _what_was_scored(one: _Facts) -> tuple[Any, ...] | None:
    if one.part is None:
        return None
    settings = one.info["settings"]
    divided = str(settings.get("parts")), str(settings["data"].get("split"))
    return one.info["data"]["fingerprint"], one.part, divided, one.evaluation.over


def _section(one: _Facts) -> Section:
    outcome = one.info["outcome"]
    summary = (
        f"{one.info['job']} on {one.data}: {one.info['parameters']:,} parameters, {outcome['steps']:,} training steps."
    )
    parameters = [(name, " x ".join(map(str, shape)), count) for name, shape, count in one.info["parameter_table"]]
    details = [
        Table("Training", ["", "value"], named_values(outcome), folded=True),
        Table("Data", ["", "value"], named_values(one.info["data"]), folded=True),
        Table("Settings", ["setting", "value"], named_values(one.info["settings"]), folded=True),
        Table("Parameters", ["name", "shape", "count"], parameters, folded=True),
        Table("Versions", ["", "version"], named_values(one.info["versions"]), folded=True),
    ]
    return Section(one.name, summary, [_scores(one)] if one.part else [], one.charts, details)


def _scores(one: _Facts) -> Table:
    """The model's scores beside the naive ones."""
    tables = score_rows(one.evaluation)
    names = list(dict.fromkeys(name for scores in tables.values() for name in scores))
    rows = [[row, *(scores.get(name) for name in names)] for row, scores in tables.items()]
    columns = ["", *map(_score_name, names)]
    note = f"Over {one.evaluation.over}; the best of each column in bold."
    return Table(f"Scores on the {one.part} part", columns, rows, better=_better(names), note=note)


def _better(scores: Sequence[str]) -> dict[str, Better]:
    """For each score, by the name that is shown, what is best."""
    return {_score_name(name): wanted for name in scores if (wanted := better(name)) is not None}


def _score_name(name: str) -> str:
    return _NAMES.get(name, name.upper() if len(name) <= 4 else name)
