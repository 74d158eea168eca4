"""The charts of a map report: target and output, errors, their spectra, and the frequency response."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy  # loads `scipy.signal` lazily, which is slow to import
from numpy.typing import NDArray

from echoic.jobs.base import Fitted
from echoic.jobs.map.codec import inputs_of
from echoic.jobs.map.evaluate import MapEvaluation, Scored
from echoic.jobs.map.task import MapTask
from echoic.report.charts import Chart, Line
from echoic.report.standard import error_histogram, loss_chart

Floats = NDArray[np.float64]

_SHOWN_STEPS = 400
"""Steps of the closer look."""
_SEGMENT, _MIN_SEGMENTS = 4096, 8
_QUIET = 1e-6
"""Frequencies with less than this fraction of the input's largest power have no response."""


def charts(
    fitted: Fitted[MapTask], metrics: Sequence[Mapping[str, Any]], evaluation: MapEvaluation | None
) -> list[Chart]:
    """Learning curves, and of an evaluation the first target of its first series."""
    label = "Error-to-signal ratio" if fitted.task.settings.output.loss == "esr" else "Loss per value"
    found = [loss_chart(metrics, label)]
    if evaluation is not None:
        one = evaluation.scored
        found += [_whole(fitted.task, one), _closer(fitted.task, one)]
        found += [_errors(fitted.task, one), _distribution(fitted.task, one)]
        found += _in_frequency(fitted.task, one)
    return [chart for chart in found if chart is not None]


def _first(one: Scored) -> tuple[Floats, Floats]:
    """The first target, and its prediction."""
    return one.target[:, 0], one.output.mean[:, 0]


def _time(task: MapTask, one: Scored, steps: NDArray[np.int64]) -> tuple[NDArray[Any], str]:
    """The times of steps after the warm-up, and the label of their axis."""
    time, numbers = one.excerpt.recording.time, one.begin + steps
    if time.has_dates:
        return time.local_times(numbers), "Time"
    return (numbers, "Step") if task.codec.rate_hz is None else (numbers / task.codec.rate_hz, "Time (s)")


def _caption(task: MapTask, one: Scored) -> str:
    others = len(task.codec.target_names) - 1
    more = f" The first of {others + 1} targets." if others else ""
    return f"{one.excerpt.recording.name}, after the warm-up.{more}"


def _signals(task: MapTask, one: Scored, begin: int, end: int, key: str, title: str) -> Chart:
    target, made = (signal[begin:end] for signal in _first(one))
    known = np.flatnonzero(~np.isnan(target))
    time, label = _time(task, one, begin + known)
    lines = (
        Line("target", time, target[known], "data"),
        Line("output", time, made[known], "model"),
    )
    name = task.codec.target_names[0]
    return Chart(key, title, label, name, lines, caption=_caption(task, one))


def _whole(task: MapTask, one: Scored) -> Chart:
    return _signals(task, one, 0, len(one.target), "signals", "Target and output")


def _closer(task: MapTask, one: Scored) -> Chart | None:
    """The steps around the largest change of the target; None if the whole signal is as short."""
    target, _ = _first(one)
    if len(target) <= 2 * _SHOWN_STEPS:
        return None
    centre = int(np.nanargmax(np.abs(target - np.nanmean(target))))
    begin = min(max(0, centre - _SHOWN_STEPS // 2), len(target) - _SHOWN_STEPS)
    return _signals(task, one, begin, begin + _SHOWN_STEPS, "closer", "A closer look")


def _errors(task: MapTask, one: Scored) -> Chart:
    target, made = _first(one)
    known = np.flatnonzero(~np.isnan(target))
    time, label = _time(task, one, known)
    line = Line("target - output", time, (target - made)[known], "model")
    name = f"{task.codec.target_names[0]}: target - output"
    return Chart("errors", "Errors over time", label, name, (line,), caption=_caption(task, one))


def _distribution(task: MapTask, one: Scored) -> Chart | None:
    target, made = _first(one)
    error = (target - made)[~np.isnan(target)]
    return error_histogram(error, f"{task.codec.target_names[0]}: target - output", _caption(task, one))


def _in_frequency(task: MapTask, one: Scored) -> list[Chart]:
    """Spectra and frequency response; none for targets with missing values, or with too few steps."""
    target, made = _first(one)
    segment = min(_SEGMENT, len(target) // _MIN_SEGMENTS)
    if segment < _MIN_SEGMENTS or not np.isfinite(target).all():
        return []
    rate_hz = task.codec.rate_hz
    unit = "Frequency (cycles per step)" if rate_hz is None else "Frequency (Hz)"
    frequency, of_target = scipy.signal.welch(target, rate_hz or 1.0, nperseg=segment)
    _, of_error = scipy.signal.welch(target - made, rate_hz or 1.0, nperseg=segment)
    floor = max(float(of_target.max()) * 1e-16, 1e-300)
    lines = (
        Line("target", frequency[1:], _decibels(of_target[1:], floor), "data"),
        Line("error", frequency[1:], _decibels(of_error[1:], floor), "reference"),
    )
    label = f"{task.codec.target_names[0]}: power density (dB)"
    spectra = Chart("spectra", "Spectra of target and error", unit, label, lines, caption=_caption(task, one))
    response = _response(task, one, segment, unit)
    return [spectra] if response is None else [spectra, response]


def _response(task: MapTask, one: Scored, segment: int, unit: str) -> Chart | None:
    """The response of target and output to the first input, where it has power; None without enough of it."""
    values = np.asarray(inputs_of(one.excerpt)[one.begin - one.excerpt.begin :, 0], np.float64)
    if not np.isfinite(values).all():
        return None
    rate_hz = task.codec.rate_hz or 1.0
    frequency, power = scipy.signal.welch(values, rate_hz, nperseg=segment)
    loud = power > _QUIET * power.max()
    loud[0] = False
    if loud.sum() < _MIN_SEGMENTS:
        return None
    lines = []
    for name, signal, role in zip(("target", "output"), _first(one), ("data", "model"), strict=True):
        _, cross = scipy.signal.csd(values, signal, rate_hz, nperseg=segment)
        gain = 10 * np.log10(np.maximum((np.abs(cross[loud]) / power[loud]) ** 2, 1e-20))
        lines.append(Line(name, frequency[loud], gain, role, "line" if role == "data" else "dashed"))  # type: ignore[arg-type]
    caption = f"The linear part: cross spectrum over the power of the input, where it has some. {_caption(task, one)}"
    title = f"Frequency response to {task.codec.input_names[0]}"
    return Chart("response", title, unit, "Gain (dB)", tuple(lines), caption=caption)


def _decibels(power: Floats, floor: float) -> Floats:
    return np.asarray(10 * np.log10(np.maximum(power, floor)))
