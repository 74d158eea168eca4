"""Runs, evaluations and machines as plain values, to print as tables and JSON."""

from collections.abc import Mapping
from typing import Any

import torch

from echoic import ops
from echoic.api.restoring import read_calibration, training_result
from echoic.api.run import Run
from echoic.jobs import JOBS, get_job
from echoic.metrics.evaluation import Evaluation
from echoic.run import RunFolder, versions


def evaluation_json(run: Run, evaluation: Evaluation, split: str, new_data: str | None = None) -> dict[str, Any]:
    """The output of `eval --json`, of one shape for every job. `data` are those of the run."""
    return {
        "job": run.config["job"],
        "split": "new data" if new_data else split,
        **({"new_data": new_data} if new_data else {}),
        "scores": evaluation.scores,
        "baselines": evaluation.baselines,
        "verdict": evaluation.verdict,
        "lead": _lead_json(evaluation),
        "seed": run.seed,
        "data": {key: run.config["data"][key] for key in ("path", "fingerprint")},
        "steps": run.result()["best_step"],
        **evaluation.details,
    }


def _lead_json(evaluation: Evaluation) -> dict[str, Any] | None:
    """The lead over the best baseline in numbers."""
    lead = evaluation.lead
    return None if lead is None else {"over": evaluation.best_baseline, "outcome": lead.outcome, **lead._asdict()}


def flat_items(nested: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested values as rows of dotted name and value; lists are joined, sentences in lines of their own."""
    rows: list[tuple[str, Any]] = []
    for key, value in nested.items():
        if isinstance(value, Mapping):
            rows += flat_items(value, f"{prefix}{key}.")
        else:
            between = "\n" if key == "notes" else ", "
            rows.append((f"{prefix}{key}", between.join(map(str, value)) if isinstance(value, list) else value))
    return rows


def machine_info() -> dict[str, Any]:
    """Versions, kernels, threads and jobs.

    Raises:
        KernelError: `ECHOIC_KERNEL` names one that is not available.
    """
    kernels = {"kernel": ops.kernel(), "kernels_available": list(ops.AVAILABLE)}
    return versions() | kernels | {"threads": torch.get_num_threads(), "jobs": list(JOBS)}


def run_info(folder: RunFolder) -> dict[str, Any]:
    """A run's settings, data, versions and parameters, from the files alone.

    Raises:
        RunError: the folder is damaged or has no model yet.
    """
    weights, _ = folder.read_model()
    table = [(name, list(weight.shape), weight.numel()) for name, weight in weights.items()]
    config = folder.read_config()
    shown = {key: config[key] for key in ("job", "settings", "components", "data", "versions", "format")}
    return shown | {
        "result": training_result(folder),
        "notes": get_job(config["job"]).notes(read_calibration(get_job(config["job"]), folder) or {}),
        "parameters": sum(count for _, _, count in table),
        "parameter_table": table,
    }
