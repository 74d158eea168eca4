"""The HTML report of one run, or of several side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from echoic.api.scored import ScoredRun
from echoic.api.summaries import flat_items, run_info
from echoic.errors import ConfigError, DataError, TrainingDataError
from echoic.metrics.goals import goal
from echoic.metrics.texts import differences
from echoic.report import Section, Table, page, write_figures
from echoic.report.charts import Chart
from echoic.report.tables import Better, Marked
from echoic.run.files import write_atomically
from echoic.writers.files import write_bytes

_NAMES = {"smape": "sMAPE", "coverage_80": "coverage of 80 % interval", "coverage_95": "coverage of 95 % interval"}


def write_report(runs: Sequence[ScoredRun], out: Path | None = None) -> Path:
    """Writes the report of `runs` as one HTML page and returns its path.

    Where the data of a run are missing or have changed, its part says so and has no scores.

    One run without `out` gets `report.html` and `figures/` in its folder; otherwise only `out` is written. Files are
    replaced atomically.

    Raises:
        ConfigError: there is no run, or there are several and no `out`.
        RunError: a run is damaged or has no model yet, or a file cannot be written.
    """
    if not runs:
        raise ConfigError("A report requires at least one run.")
    if len(runs) > 1 and out is None:
        raise ConfigError("A report of several runs requires an output file; set `out`.")
    summaries = [_RunSummary.of(run) for run in runs]
    if out is None:
        runs[0].folder.refuse_links()
        write_figures(summaries[0].charts, runs[0].folder.figures, write_atomically)
    path = out or runs[0].path / "report.html"
    title = "echoic report" if len(runs) == 1 else f"echoic report: {len(runs)} runs"
    overview = _overview(summaries) if len(runs) > 1 else None
    write = write_bytes if out else write_atomically
    write(path, page(title, [_section(one) for one in summaries], overview).encode())
    return path


@final
@dataclass(frozen=True, eq=False)
class _RunSummary:
    """The contents of the report on one run.

    `split` is the evaluated one; None if none can be evaluated. `missing` says why there are no scores, if the data
    of the run are gone.
    """

    name: str
    info: Mapping[str, Any]
    split: str | None
    evaluation: Any
    charts: Sequence[Chart]
    missing: str

    @classmethod
    def of(cls, run: ScoredRun) -> "_RunSummary":
        missing = _missing_data(run)
        split, evaluation = (None, None) if missing else _evaluate_available(run)
        charts = run.job.charts(run.fitted, run.metrics(), evaluation)
        return cls(run.path.resolve().name, run_info(run.folder), split, evaluation, charts, missing)

    @property
    def scores(self) -> Mapping[str, float]:
        return self.evaluation.scores if self.split else {}

    @property
    def data(self) -> str:
        """The names of the files; their full paths are in the details."""
        path = self.info["data"]["path"]
        if isinstance(path, list):
            return ", ".join(Path(one).name for one in path)
        return Path(path).name if path else "data in memory"


def _missing_data(run: ScoredRun) -> str:
    """Why the splits of a run cannot be evaluated; the empty text if its data are there."""
    try:
        _ = run.fitted.task.dataset.series
    except TrainingDataError as error:
        return f"No scores: {error}"
    return ""


def _evaluate_available(run: ScoredRun) -> tuple[str | None, Any]:
    """The split that can be evaluated, test before dev, and its evaluation."""
    for split in ("test", "dev"):
        try:
            return split, run.evaluate(split=split)
        except DataError:
            continue
    return None, None


def _overview(summaries: Sequence[_RunSummary]) -> Table:
    scores = list(dict.fromkeys(name for one in summaries for name in one.scores))
    rows = [
        [one.name, one.info["job"], one.data, one.info["parameters"], one.info["result"]["steps"], one.split]
        + [one.scores.get(name) for name in scores]
        for one in summaries
    ]
    evaluated_on = {_evaluated_on(one) for one in summaries}
    comparable = len(evaluated_on) == 1 and None not in evaluated_on
    note = (
        ""
        if comparable
        else "No scores are marked as best, because the runs were evaluated on different data or splits."
    )
    return Table(
        "Comparison of the runs",
        ["run", "job", "data", "parameters", "training steps", "evaluated split", *map(_score_name, scores)],
        rows,
        goal=_better(scores) if comparable else {},
        links=[f"run-{number}" for number in range(1, len(summaries) + 1)],
        note=note,
    )


def _evaluated_on(one: _RunSummary) -> tuple[Any, ...] | None:
    if one.split is None:
        return None
    settings = one.info["settings"]
    return one.info["data"]["fingerprint"], one.split, str(settings.get("split")), one.evaluation.description


def _section(one: _RunSummary) -> Section:
    result = one.info["result"]
    summary = (
        f"{one.info['job']} on {one.data}: {one.info['parameters']:,} parameters, {result['steps']:,} training steps."
    )
    summary = " ".join([summary, *one.info["notes"], *filter(None, [one.missing])])
    parameters = [(name, " x ".join(map(str, shape)), count) for name, shape, count in one.info["parameter_table"]]
    details = [
        Table("Training", ["", "value"], flat_items(result), collapsed=True),
        Table("Data", ["", "value"], flat_items(one.info["data"]), collapsed=True),
        Table("Settings", ["setting", "value"], flat_items(one.info["settings"]), collapsed=True),
        Table("Parameters", ["name", "shape", "count"], parameters, collapsed=True),
        Table("Versions", ["", "version"], flat_items(one.info["versions"]), collapsed=True),
    ]
    tables = [_scores(one)] if one.split else []
    tables += [*_by_class(one.evaluation.details), *_worst_texts(one.evaluation.details)] if one.split else []
    notes = one.info["data"]["report"].get("notes", [])
    if notes:
        tables.append(Table("Notes on the data", ["note"], [(note,) for note in notes]))
    return Section(one.name, summary, tables, one.charts, details)


def _scores(one: _RunSummary) -> Table:
    """The scores of the model and of the baselines."""
    tables = one.evaluation.rows
    names = list(dict.fromkeys(name for scores in tables.values() for name in scores))
    rows = [[row, *(scores.get(name) for name in names)] for row, scores in tables.items()]
    columns = ["", *map(_score_name, names)]
    note = f"On {one.evaluation.description}; the best of each column in bold."
    if one.evaluation.verdict is not None:
        note = f"{note} {one.evaluation.verdict}"
    return Table(f"Scores on the {one.split} split", columns, rows, goal=_better(names), note=note)


def _by_class(found: Mapping[str, Any]) -> list[Table]:
    """Confusions and scores of classes, for evaluations that have them."""
    confusions = [tuple(row.values()) for row in found.get("confusions", ())]
    by_class = [(name, *row.values()) for name, row in found.get("by_class", {}).items()]
    scores = Table(
        "By class, the lowest F1 first", ["class", "clips", "precision", "recall", "f1"], by_class, collapsed=True
    )
    columns = ["class", "taken for", "clips", "of"]
    listed = [Table("Most frequent confusions", columns, confusions)] if confusions else []
    return [*listed, *([scores] if by_class else [])]


def _worst_texts(found: Mapping[str, Any]) -> list[Table]:
    """The texts with the most errors, for evaluations that have them."""
    rows = [
        (row["file"], row["errors"], *map(Marked, differences(row["true"], row["found"])))
        for row in found.get("worst_texts", ())
    ]
    note = "Marked: what the other text lacks."
    return [Table("Texts with the most errors", ["file", "errors", "true", "found"], rows, note=note)] if rows else []


def _better(scores: Sequence[str]) -> dict[str, Better]:
    """Whether higher or lower is better, by the displayed name of each score."""
    return {_score_name(name): better for name in scores if (better := goal(name)) is not None}


def _score_name(name: str) -> str:
    return _NAMES.get(name, name.upper() if len(name) <= 4 else name)
