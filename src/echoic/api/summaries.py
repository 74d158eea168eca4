"""What runs, scores and machines are, as plain values for the command to print."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from echoic import ops
from echoic.api.run import Run
from echoic.jobs import JOBS
from echoic.jobs.base import Evaluation
from echoic.run import versions
from echoic.types import Series


def evaluation_json(run: Run, evaluation: Evaluation, split: str, new_data: str | None = None) -> dict[str, Any]:
    """What `eval --json` prints: one shape for every job. `data` are those of the run."""
    return {
        "job": run.config["job"],
        "split": "new data" if new_data else split,
        **({"new_data": new_data} if new_data else {}),
        "scores": evaluation.scores,
        "baselines": evaluation.baselines,
        "seed": run.seed,
        "data": {key: run.config["data"][key] for key in ("path", "fingerprint")},
        "steps": run.result()["best_step"],
        **evaluation.details,
    }


def score_rows(evaluation: Evaluation) -> dict[str, Mapping[str, float]]:
    """The scores of an evaluation by whose they are: the model's, those of its cleaned-up output, the naive ways'."""
    cleaned = getattr(evaluation, "cleaned", None)
    return {"model": evaluation.scores, **({"cleaned up": cleaned} if cleaned else {}), **evaluation.baselines}


def flat_items(nested: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested values as rows of a dotted name and what it holds; a list is joined."""
    rows: list[tuple[str, Any]] = []
    for key, value in nested.items():
        if isinstance(value, Mapping):
            rows += flat_items(value, f"{prefix}{key}.")
        else:
            rows.append((f"{prefix}{key}", ", ".join(map(str, value)) if isinstance(value, list) else value))
    return rows


def series_columns(series: Sequence[Series]) -> dict[str, Any]:
    """Series of the same length as columns: ds and a column a feature; unique_id before them if there are several."""
    columns: dict[str, Any] = {}
    if len(series) > 1:
        columns["unique_id"] = np.repeat(np.array([one.name for one in series], object), series[0].steps)
    columns["ds"] = np.concatenate([one.time.times(np.arange(one.steps)) for one in series])
    for number, feature in enumerate(series[0].features):
        columns[feature] = np.concatenate([one.values[:, number] for one in series])
    return columns


def machine_info() -> dict[str, Any]:
    """Versions, kernel and threads.

    Raises:
        KernelError: `ECHOIC_KERNEL` names one that is not available.
    """
    kernels = {"kernel": ops.kernel(), "kernels_available": list(ops.AVAILABLE)}
    return versions() | kernels | {"threads": torch.get_num_threads(), "jobs": list(JOBS)}


def run_info(run: Run) -> dict[str, Any]:
    """A run's settings, data, versions and parameters."""
    weights, _ = run.folder.read_model()
    table = [(name, list(weight.shape), weight.numel()) for name, weight in weights.items()]
    config = {key: run.config[key] for key in ("job", "settings", "data", "versions", "format")}
    return config | {
        "result": run.result(),
        "parameters": sum(count for _, _, count in table),
        "parameter_table": table,
    }
