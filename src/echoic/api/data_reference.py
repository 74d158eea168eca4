"""How a run remembers where its data are, and reads them again."""

from pathlib import Path
from typing import Any

from echoic import sources
from echoic.errors import ChangedDataError, TrainingDataError


def data_reference(data: Any) -> str | list[str] | None:
    """Absolute paths, the name of a synthetic signal, or None for data in memory."""
    if isinstance(data, str) and data.startswith("synth:"):
        return data
    paths = [str(Path(path).resolve()) for path in _paths(data)]
    return paths[0] if len(paths) == 1 else paths or None


def read_again(run: Path, reference: Any, settings: Any, fingerprint: str) -> sources.Dataset:
    """The data that a run was trained on; `settings` are those of its `data` section.

    Raises:
        TrainingDataError: the data were in memory or are missing.
        ChangedDataError: they have changed.
    """
    if reference is None:
        raise TrainingDataError(
            f"{run} was trained on in-memory data; pass the same data again, with `data=`, in Python."
        )
    check_present(run, reference, "pass its new place with `data=` or --training-data")
    dataset = sources.read(reference, settings)
    if dataset.fingerprint != fingerprint:
        raise ChangedDataError(
            f"{dataset.origin} differs from the data that {run} was trained on; restore the original, pass its place "
            "with `data=` or --training-data, train a new run, or name it as new data after the run."
        )
    return dataset


def check_present(run: str | Path, reference: Any, remedy: str) -> None:
    """Refuses training data that are gone; `remedy` says what to do other than to restore them.

    Raises:
        TrainingDataError: a file or folder is missing.
    """
    missing = [path for path in _paths(reference) if not Path(path).exists()]
    if missing:
        raise TrainingDataError(f"{missing[0]}: not found, and {run} was trained on it; restore it, or {remedy}.")


def _paths(data: Any) -> list[str | Path]:
    """The files and folders that `data` names; none for data in memory, synthetic signals and standard input."""
    named = data if isinstance(data, list | tuple) else [data]
    if all(isinstance(one, str | Path) for one in named) and data != sources.STANDARD_INPUT:
        return [one for one in named if not str(one).startswith("synth:")]
    return []
