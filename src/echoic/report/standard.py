"""Charts that every job can use: how training went, and how errors are spread."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from echoic.charts import Bars, Chart, Line


def loss_chart(metrics: Sequence[Mapping[str, Any]]) -> Chart | None:
    """The losses of train and dev over the epochs; None before the first epoch is over.

    `metrics` are rows with `epoch` (from 0), `train_loss` and `dev_loss` (None without a dev part).
    """
    epochs = np.array([row["epoch"] + 1 for row in metrics])
    train = np.array([row.get("train_loss") for row in metrics], np.float64)
    dev = np.array([row.get("dev_loss") for row in metrics], np.float64)
    every = (Line("train", epochs, train, "train"), Line("dev", epochs, dev, "dev"))
    lines = tuple(line for line in every if np.isfinite(line.y).any())
    if not lines:
        return None
    watched = lines[-1]
    best = int(np.nanargmin(watched.y))
    return Chart(
        key="loss",
        title="Training",
        x_label="Epoch",
        y_label="Loss per value",
        lines=lines,
        caption=f"Lowest {watched.name} loss: {watched.y[best]:.4g}, in epoch {epochs[best]}.",
        log_y=all(np.nanmin(line.y) > 0 for line in lines),
    )


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
