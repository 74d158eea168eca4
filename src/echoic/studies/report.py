"""The HTML report of a study: winner, confirmation, trials, and charts of them."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from echoic.report import Section, Table, page
from echoic.studies.charts import charts
from echoic.studies.records import Trial, by_loss
from echoic.studies.study import Study
from echoic.writers.files import write_bytes


def write_study_report(study: Study, out: Path) -> Path:
    """Writes the report as one HTML page and returns its path.

    Raises:
        RunError: no trial is complete, or the file cannot be written.
    """
    write_bytes(out, page("echoic study", [_section(study)]).encode())
    return out


def _section(study: Study) -> Section:
    trials, winner, definition = study.trials, study.winner, study.definition
    complete, pruned = (sum(one.state == state for one in trials) for state in ("complete", "pruned"))
    data = definition.data if isinstance(definition.data, str) else ", ".join(definition.data or ["data in memory"])
    chosen = ", ".join(f"{name} = {_cell(value)}" for name, value in winner.settings.items())
    summary = (
        f"{definition.job} on {data}: {len(trials)} trials of the sampler {definition.sampler}, {complete} complete, "
        f"{pruned} pruned. Trial {winner.number} wins: {chosen}. {study.verdict} Dev alone chose; `echoic eval` "
        "evaluates the winner on the test split."
    )
    tables = [_confirmation(study)] if study.verdict else []
    if len(definition.goals) > 1:
        tables.append(_trials(study, "Pareto front", study.front))
    others = [one for one in trials if one.state != "complete"]
    details = [
        _trials(study, "All trials", [*by_loss(trials), *others], collapsed=True),
        Table("Search space", ["setting", "values"], [(one.name, one.text) for one in definition.parameters]),
    ]
    return Section(study.path.resolve().name, summary, tables, charts(study), details)


def _confirmation(study: Study) -> Table:
    rows = [
        (
            row.trial.number,
            row.trial.loss,
            statistics.fmean(row.losses.values()) if row.losses else None,
            statistics.stdev(row.losses.values()) if len(row.losses) > 1 else None,
            len(row.losses),
        )
        for row in study.confirmation
    ]
    columns = ["trial", "dev loss of the search", "mean with fresh seeds", "standard deviation", "fresh seeds"]
    return Table("Confirmation", columns, rows, goal={columns[1]: "low", columns[2]: "low"})


def _trials(study: Study, title: str, trials: Sequence[Trial], *, collapsed: bool = False) -> Table:
    goals, names = study.definition.goals, study.definition.names
    several, hosts = study.definition.seeds > 1, study.has_several_hosts
    columns = [
        "trial",
        "state",
        *(["host"] if hosts else []),
        *goals,
        *(["standard deviation", "seeds"] if several else []),
        *names,
        "reason",
    ]
    rows = [
        (
            one.number,
            one.state,
            *([one.place.host if one.place is not None else ""] if hosts else []),
            *(one.goals.get(goal) for goal in goals),
            *((statistics.pstdev(one.losses) if one.losses else None, len(one.losses)) if several else ()),
            *(one.settings.get(name) for name in names),
            one.reason,
        )
        for one in trials
    ]
    return Table(title, columns, rows, collapsed=collapsed)


def _cell(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
