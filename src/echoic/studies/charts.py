"""The charts of a study."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from echoic.report.charts import Bars, Chart, Line, Role, Style
from echoic.studies.records import Trial
from echoic.studies.space import Parameter
from echoic.studies.study import Study

Points = list[tuple[float, float]]


def charts(study: Study) -> list[Chart]:
    """History, curves, importances, parallel coordinates, slices, and the front of several goals."""
    trials, winner, parameters = study.trials, study.winner, study.definition.parameters
    complete = [one for one in trials if one.state == "complete"]
    found = [_history(trials), _curves(trials, winner)]
    found += [_front(complete, study.front, goal) for goal in study.definition.goals[1:]]
    if importances := study.importances:
        found.append(_importances(importances))
    if len(parameters) > 1:
        found.append(_parallel(complete, winner, parameters))
    return found + [_slice(complete, winner, one) for one in parameters]


def _history(trials: Sequence[Trial]) -> Chart:
    complete = [(float(one.number), one.loss) for one in trials if one.state == "complete"]
    pruned = [
        (float(one.number), next(iter(list(one.reports.values())[-1:]))) for one in trials if _is_pruned_late(one)
    ]
    lowest = np.minimum.accumulate([loss for _, loss in complete])
    best = [(number, float(loss)) for (number, _), loss in zip(complete, lowest, strict=True)]
    lines = (
        _line("trials", complete, "model", "dots"),
        _line("pruned", pruned, "unused", "dots"),
        _line("lowest so far", best, "dev"),
    )
    return Chart("history", "History", "trial", "dev loss", lines=_with_points(lines))


def _curves(trials: Sequence[Trial], winner: Trial) -> Chart:
    def of(chosen: Sequence[Trial]) -> Points:
        return _joined([list(one.reports.items()) for one in chosen])

    lines = (
        _line("pruned", of([one for one in trials if one.state == "pruned"]), "unused"),
        _line("complete", of([one for one in trials if one.state == "complete" and one != winner]), "reference"),
        _line("winner", of([winner]), "model"),
    )
    text = "Lowest dev loss so far, of the first seed of each trial."
    title = "Curves of all trials"
    return Chart("curves", title, "fraction of training", "dev loss", lines=_with_points(lines), caption=text)


def _front(complete: Sequence[Trial], front: Sequence[Trial], goal: str) -> Chart:
    others = [(one.goals[goal], one.loss) for one in complete if one not in front]
    on_it = sorted((one.goals[goal], one.loss) for one in front)
    lines = (_line("other trials", others, "reference", "dots"), _line("Pareto front", on_it, "model"))
    return Chart(f"front-{goal}", f"Dev loss and {goal}", goal, "dev loss", lines=_with_points(lines))


def _importances(importances: dict[str, float]) -> Chart:
    names = list(importances)
    place = np.arange(len(names), dtype=np.float64)
    bars = Bars("importance", place, np.array(list(importances.values())), 0.8, names=names)
    text = "Part of each setting in the differences of the dev loss (PED-ANOVA), of settings that every trial has."
    return Chart("importances", "Importance of settings", "", "importance", bars=(bars,), caption=text)


def _parallel(complete: Sequence[Trial], winner: Trial, parameters: Sequence[Parameter]) -> Chart:
    """A line per trial through the values of its settings, each on a scale from 0 to 1."""

    def of(trial: Trial) -> Points:
        return [
            (_position(one, trial.settings[one.name]), float(row))
            for row, one in enumerate(parameters)
            if one.name in trial.settings
        ]

    lines = (
        _line("trials", _joined([of(one) for one in complete if one != winner]), "reference"),
        _line("winner", of(winner), "model"),
    )
    names = tuple((float(row), f"{one.name} {one.text}") for row, one in enumerate(parameters))
    title, text = "Parallel coordinates", "Each line is a trial; each row has the values of a setting in their order."
    label = "place in the range"
    return Chart("parallel", title, label, "", lines=_with_points(lines), caption=text, y_names=names)


def _slice(complete: Sequence[Trial], winner: Trial, one: Parameter) -> Chart:
    """The dev loss over the values of a setting."""
    drawn = [trial for trial in complete if one.name in trial.settings]

    def of(trials: Sequence[Trial]) -> Points:
        if one.choices:
            return [(trial.loss, _rank(one, trial)) for trial in trials]
        values = [(float(trial.settings[one.name]), trial.loss) for trial in trials]
        return [(math.log10(value) if one.log else value, loss) for value, loss in values]

    lines = (
        _line("trials", of([trial for trial in drawn if trial != winner]), "reference", "dots"),
        _line("winner", of([trial for trial in drawn if trial == winner]), "model", "dots"),
    )
    title, key = f"Dev loss by {one.name}", f"slice-{one.name}"
    if one.choices:
        names = tuple((float(place), str(value)) for place, value in enumerate(one.choices))
        return Chart(key, title, "dev loss", one.name, lines=_with_points(lines), y_names=names)
    label = f"logarithm of {one.name} to base 10" if one.log else one.name
    return Chart(key, title, label, "dev loss", lines=_with_points(lines))


def _position(one: Parameter, value: float | str) -> float:
    if one.choices:
        return one.choices.index(value) / (len(one.choices) - 1)
    number, low, high = float(value), one.low, one.high
    if one.log:
        number, low, high = math.log(number), math.log(low), math.log(high)
    return (number - low) / (high - low)


def _rank(one: Parameter, trial: Trial) -> float:
    return float(one.choices.index(trial.settings[one.name]))


def _is_pruned_late(trial: Trial) -> bool:
    return trial.state == "pruned" and bool(trial.reports)


def _joined(lines: Sequence[Points]) -> Points:
    """Several lines as one, with gaps between."""
    return [point for line in lines for point in [*line, (math.nan, math.nan)]]


def _line(name: str, points: Points, role: Role, style: Style = "line") -> Line:
    values: NDArray[np.float64] = np.array(points, np.float64).reshape(-1, 2)
    return Line(name, values[:, 0], values[:, 1], role, style)


def _with_points(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(line for line in lines if len(line.x))
