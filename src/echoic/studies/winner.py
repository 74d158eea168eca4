"""The run of a study's winner, for verbs that take a run or a study; needs no Optuna."""

from pathlib import Path

from echoic.errors import RunError
from echoic.studies.definition import is_study


def winning_run(path: Path) -> Path:
    """The run of the winner if `path` is a study; otherwise `path` itself.

    Raises:
        RunError: the study has not ended yet.
    """
    if not is_study(path):
        return path
    if not (path / "best").exists():
        raise RunError(f"{path} has no winner yet; resume it with `echoic tune --resume {path}`.")
    return path / "best"
