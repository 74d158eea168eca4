"""Charts that every job can use: how training went, and how errors are spread."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.report.charts import Bars, Chart, Line, Role

_OVERFITTING = 0.1


def loss_chart(metrics: Sequence[Mapping[str, Any]], y_label: str = "Loss per value") -> Chart | None:
    """The losses of train and dev over the training steps; None before the first row was written.

    `metrics` are rows with `step`, `train_loss`, `dev_loss` (None without a dev split) and `phase`, which is `refit`
    where training went on with the dev split as well.
    """
    fit = [row for row in metrics if row.get("phase") != "refit"]
    refit = [row for row in metrics if row.get("phase") == "refit"]
    every = (
        _loss_line("train", fit, "train_loss", "train"),
        _loss_line("train and dev, refit", refit, "train_loss", "reference"),
        _loss_line("dev", fit, "dev_loss", "dev"),
    )
    lines = tuple(line for line in every if np.isfinite(line.y).any())
    if not lines:
        return None
    watched = lines[-1]
    best = int(np.nanargmin(watched.y))
    lowest = f"Lowest {watched.name} loss: {watched.y[best]:.4g}, after {watched.x[best]:,} steps."
    return Chart(
        key="loss",
        title="Training",
        x_label="Training steps",
        y_label=y_label,
        lines=lines,
        caption=f"{lowest} {_overfitting(every[0], every[2])}".strip(),
        log_y=_spans_decades(np.concatenate([line.y for line in lines])),
    )


def _overfitting(train: Line, dev: Line) -> str:
    """A sentence if the network went on learning what does not hold on dev."""
    if not np.isfinite(dev.y).any() or not np.isfinite(train.y).any():
        return ""
    best, lost = int(np.nanargmin(dev.y)), float(dev.y[-1] - np.nanmin(dev.y))
    gained = float(train.y[best] - train.y[-1])
    # As much as a tenth of what training brought on dev.
    if not (gained > 0 and lost > _OVERFITTING * (np.nanmax(dev.y) - np.nanmin(dev.y)) and best < len(dev.y) - 1):
        return ""
    return (
        f"Overfitting: from there on the loss fell by {gained:.3g} in training and rose by {lost:.3g} on dev; the "
        "weights of the lowest dev loss are kept."
    )


def accuracy_chart(metrics: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Accuracy on train and dev; None if the metrics do not have it."""
    every = (
        _loss_line("train", metrics, "train_accuracy", "train"),
        _loss_line("dev", metrics, "dev_accuracy", "dev"),
    )
    lines = tuple(line for line in every if np.isfinite(line.y).any())
    return Chart("accuracy", "Accuracy in training", "Training steps", "Share that is right", lines) if lines else None


def _loss_line(name: str, rows: Sequence[Mapping[str, Any]], column: str, role: Role) -> Line:
    steps = np.array([row["step"] for row in rows], np.int64)
    return Line(name, steps, np.array([row.get(column) for row in rows], np.float64), role)


def _spans_decades(values: NDArray[np.float64]) -> bool:
    return bool(np.nanmin(values) > 0 and np.nanmax(values) > 10 * np.nanmin(values))


def error_histogram(errors: NDArray[np.float64], x_label: str, caption: str = "") -> Chart | None:
    """How finite `errors` `(steps,)` are spread, beside the normal distribution; None if they are all the same."""
    if len(errors) < 2 or errors.min() == errors.max():
        return None
    counts, edges = np.histogram(errors, min(max(int(np.sqrt(len(errors))), 5), 40))
    width, mean, deviation = float(edges[1] - edges[0]), float(errors.mean()), float(errors.std())
    grid = np.linspace(edges[0], edges[-1], 200)
    peak = len(errors) * width / (deviation * np.sqrt(2 * np.pi))
    bell = peak * np.exp(-(((grid - mean) / deviation) ** 2) / 2)
    spread = f"Mean {mean:.4g}, deviation {deviation:.4g}; the line is the normal distribution with both."
    return Chart(
        key="histogram",
        title="How the errors are spread",
        x_label=x_label,
        y_label="Steps",
        lines=(Line("normal distribution", grid, bell, "reference"),),
        bars=(Bars("errors", (edges[1:] + edges[:-1]) / 2, counts.astype(np.float64), width),),
        caption=f"{spread} {caption}".strip(),
    )
