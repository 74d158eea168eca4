"""Runs, evaluations and machines as plain values, to print as tables and JSON."""

from collections.abc import Mapping, Sequence
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
        "notes": list(evaluation.notes),
    }


def _lead_json(evaluation: Evaluation) -> dict[str, Any] | None:
    """The lead over the best baseline in numbers."""
    lead = evaluation.lead
    return None if lead is None else {"over": evaluation.best_baseline, "outcome": lead.outcome, **lead._asdict()}


_MOST_ROWS = 24
_NAMED = 12
"""Values that are named of more than `_MOST_ROWS`."""


def flat_items(nested: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested values as rows of dotted name and value; lists are joined, sentences in lines of their own.

    Of many values, such as the clips of hundreds of classes, only the first are named.
    """
    rows: list[tuple[str, Any]] = []
    for key, value in nested.items():
        if isinstance(value, Mapping):
            is_long = len(value) > _MOST_ROWS and not any(isinstance(one, Mapping) for one in value.values())
            named = [f"{name} {one}" for name, one in value.items()]
            rows += [(f"{prefix}{key}", _first(named))] if is_long else flat_items(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            rows.append((f"{prefix}{key}", "\n".join(value) if key == "notes" else _first(value)))
        else:
            rows.append((f"{prefix}{key}", value))
    return rows


def _first(values: Sequence[Any]) -> str:
    """All values, or the first of many."""
    if len(values) <= _MOST_ROWS:
        return ", ".join(map(str, values))
    return f"{', '.join(map(str, values[:_NAMED]))}, and {len(values) - _NAMED} more"


_BFLOAT16 = {
    "amx": "multiplied by the CPU, in tiles",
    "avx512_bf16": "multiplied by the CPU",
    "off": "left to PyTorch",
}
"""What becomes of products in bfloat16, by kernel."""


def machine_info() -> dict[str, Any]:
    """Versions, kernels, threads and jobs.

    Raises:
        KernelError: `ECHOIC_KERNEL` names one that is not available.
    """
    kernels = {"kernel": ops.kernel(), "kernels_available": list(ops.AVAILABLE)}
    kernels["bfloat16"] = _BFLOAT16.get(ops.kernel(), "rounded in float32")
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
