"""Charts shared by the jobs: learning curves and a histogram of errors."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.report.charts import Bars, Chart, Line, Role
from echoic.types.counted import counted

_OVERFITTING = 0.1


def loss_chart(metrics: Sequence[Mapping[str, Any]], y_label: str = "Loss per value") -> Chart | None:
    """Learning curves: train and dev loss over training steps; None without metrics.

    `metrics` are rows with `step`, `train_loss`, `dev_loss` (None without a dev split) and `phase`, which is `refit`
    while training on train and dev together.
    """
    fit = [row for row in metrics if row.get("phase") != "refit"]
    refit = [row for row in metrics if row.get("phase") == "refit"]
    curves = (
        _curve("train", fit, "train_loss", "train"),
        _curve("train and dev (refit)", refit, "train_loss", "reference"),
        _curve("dev", fit, "dev_loss", "dev"),
    )
    lines = tuple(line for line in curves if np.isfinite(line.y).any())
    if not lines:
        return None
    monitored = lines[-1]
    best = int(np.nanargmin(monitored.y))
    lowest = f"Lowest {monitored.name} loss: {monitored.y[best]:.4g} after {counted(int(monitored.x[best]), 'step')}."
    return Chart(
        key="loss",
        title="Learning curves",
        x_label="Training steps",
        y_label=y_label,
        lines=lines,
        caption=f"{lowest} {_overfitting(curves[0], curves[2])}".strip(),
        log_y=_spans_decades(np.concatenate([line.y for line in lines])),
    )


def _overfitting(train: Line, dev: Line) -> str:
    """A sentence if the network overfits; otherwise empty."""
    if not np.isfinite(dev.y).any() or not np.isfinite(train.y).any():
        return ""
    best, lost = int(np.nanargmin(dev.y)), float(dev.y[-1] - np.nanmin(dev.y))
    gained = float(train.y[best] - train.y[-1])
    # Overfitting: dev loses more than a tenth of its total improvement.
    if not (gained > 0 and lost > _OVERFITTING * (np.nanmax(dev.y) - np.nanmin(dev.y)) and best < len(dev.y) - 1):
        return ""
    return (
        f"Overfitting: afterwards, the loss fell by {gained:.3g} on train and rose by {lost:.3g} on dev; the weights "
        "with the lowest dev loss are kept."
    )


def accuracy_chart(metrics: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Accuracy on train and dev over training steps; None if the metrics have none."""
    fit = [row for row in metrics if row.get("phase") != "refit"]
    refit = [row for row in metrics if row.get("phase") == "refit"]
    curves = (
        _curve("train", fit, "train_accuracy", "train"),
        _curve("train and dev, refit", refit, "train_accuracy", "reference"),
        _curve("dev", fit, "dev_accuracy", "dev"),
    )
    lines = tuple(line for line in curves if np.isfinite(line.y).any())
    return Chart("accuracy", "Accuracy during training", "Training steps", "Accuracy", lines) if lines else None


def _curve(name: str, rows: Sequence[Mapping[str, Any]], column: str, role: Role) -> Line:
    steps = np.array([row["step"] for row in rows], np.int64)
    return Line(name, steps, np.array([row.get(column) for row in rows], np.float64), role)


def _spans_decades(values: NDArray[np.float64]) -> bool:
    return bool(np.nanmin(values) > 0 and np.nanmax(values) > 10 * np.nanmin(values))


def error_histogram(errors: NDArray[np.float64], x_label: str, caption: str = "") -> Chart | None:
    """Histogram of finite `errors` `(steps,)` and the fitted normal distribution; None if all are equal."""
    if len(errors) < 2 or errors.min() == errors.max():
        return None
    counts, edges = np.histogram(errors, min(max(int(np.sqrt(len(errors))), 5), 40))
    width, mean, std = float(edges[1] - edges[0]), float(errors.mean()), float(errors.std())
    grid = np.linspace(edges[0], edges[-1], 200)
    peak = len(errors) * width / (std * np.sqrt(2 * np.pi))
    bell = peak * np.exp(-(((grid - mean) / std) ** 2) / 2)
    moments = f"Mean {mean:.4g}, standard deviation {std:.4g}; the line is the normal distribution with both."
    return Chart(
        key="histogram",
        title="Distribution of errors",
        x_label=x_label,
        y_label="Number of steps",
        lines=(Line("normal distribution", grid, bell, "reference"),),
        bars=(Bars("errors", (edges[1:] + edges[:-1]) / 2, counts.astype(np.float64), width),),
        caption=f"{moments} {caption}".strip(),
    )
