"""What a run folder holds, read with the checks that its contents fit together."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from echoic.jobs.base import Job, Task
from echoic.model import SequenceModel
from echoic.run import RunFolder, damage_named
from echoic.training import check_finite, no_randomness
from echoic.types import stored

_MOST = 10**15
"""Steps and epochs of a training."""


def load_model(task: Task[Any], folder: RunFolder, *, own_parts: bool) -> SequenceModel:
    """The network of `task` with the weights in `folder`.

    Args:
        task: the task of the run.
        folder: the run folder.
        own_parts: the network has classes of the user's own, which need not build without values.

    Raises:
        RunError: there is no model yet, it is damaged, or it is that of another network.
    """
    weights, _ = folder.read_model()
    with damage_named(folder.model_path):
        if not own_parts:
            check_shapes(task, weights)
        check_finite(weights)
        with no_randomness():
            model = task.build_model()
        model.load_state_dict(weights)
    return model.eval()


def read_calibration(job: Job[Any], folder: RunFolder, task: Task[Any] | None = None) -> dict[str, Any] | None:
    """The contents of calibration.json; None without one.

    Raises:
        RunError: it is damaged, or lacks something.
    """
    calibration = folder.read_calibration()
    if calibration is not None:
        with damage_named(folder.path / "calibration.json"):
            job.check_calibration(calibration, task)
    return calibration


def read_baselines(job: Job[Any], folder: RunFolder, task: Task[Any]) -> dict[str, Any] | None:
    """The contents of baselines.json; None without one.

    Raises:
        RunError: it is damaged, lacks something, or does not fit the task.
    """
    baselines = folder.read_baselines()
    if baselines is not None:
        with damage_named(folder.path / "baselines.json"):
            job.check_baselines(baselines, task)
    return baselines


def read_metrics(folder: RunFolder) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl.

    Raises:
        RunError: it is damaged, or a row lacks what charts and results take from it.
    """
    rows = folder.read_metrics()
    with damage_named(folder.metrics_path):
        for row in rows:
            stored.text(row, "phase")
            stored.field(row, "train_loss")
            for name in ("epoch", "step", "skipped"):
                stored.integer(row, name, 0, _MOST)
            for name in row.keys() - {"phase"}:
                if name != "dev_loss" or stored.field(row, name) is not None:
                    stored.any_number(row, name)
    return rows


def training_result(folder: RunFolder) -> dict[str, Any]:
    """As `Run.result`, from the files alone.

    Raises:
        RunError: the folder is damaged or has no model yet.
    """
    _, best = folder.read_model()
    rows = read_metrics(folder)
    with damage_named(folder.model_path):
        chosen = {"best_dev_loss": best["dev_loss"], "best_step": best["step"]}
    ends = {row["phase"]: row for row in rows}.values()
    return {
        "run": str(folder.path),
        **chosen,
        "epochs": sum(row["epoch"] + 1 for row in ends),
        "steps": rows[-1]["step"] if rows else 0,
        "skipped_steps": sum(row["skipped"] for row in ends),
    }


def check_shapes(task: Task[Any], weights: Mapping[str, Tensor]) -> None:
    """Checks, without allocating the network, that the weights are its own.

    Raises:
        ValueError: they are of another network.
    """
    try:
        with torch.device("meta"), no_randomness():
            expected = {name: tensor.shape for name, tensor in task.build_model().state_dict().items()}
    except RuntimeError as error:
        if "meta" not in str(error):
            raise
        return  # a part that cannot be built without its values; building the network will show what is wrong
    if expected != {name: tensor.shape for name, tensor in weights.items()}:
        raise ValueError("the weights are not those of the network in config.json")
