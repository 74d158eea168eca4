"""Where a run may be created, and how one that is there is resumed."""

import re
from pathlib import Path

from echoic.errors import RunError
from echoic.run.sealed import read_json

_BEFORE_TRAINING = re.compile(
    r"checkpoints|run\.lock|(codec|config)\.json|(series|initial)\.safetensors|metrics\.jsonl|\..*\.tmp"
)

_MODEL = "model.safetensors"


def ensure_new(path: Path) -> None:
    """Checks that `path` does not exist, or is a run without a checkpoint.

    Raises:
        RunError: `path` exists.
    """
    if not path.exists():
        return
    if path.is_dir() and _has_no_checkpoint(path, set()):
        return
    resume = f", or resume with `{resume_command(path)}`" if (path / "config.json").is_file() else ""
    raise RunError(f"{path} already exists; choose another --out{resume}.")


def make_room(path: Path) -> None:
    """Makes `path` new again if a process was killed there between its first model and its first checkpoint.

    For whoever knows that the run at `path` was never finished: to others the model may be worth keeping.
    """
    if path.is_dir() and _has_no_checkpoint(path, {_MODEL}):
        (path / _MODEL).unlink(missing_ok=True)


def _has_no_checkpoint(path: Path, others: set[str]) -> bool:
    """Whether only what is written before the first checkpoint is in a folder, and files named in `others`."""
    if not all(_BEFORE_TRAINING.fullmatch(one.name) or one.name in others for one in path.iterdir()):
        return False
    started = path / "checkpoints"
    return not started.exists() or (started.is_dir() and not any(started.glob("step-*")))


def resume_command(path: Path) -> str:
    """The command that resumes the run at `path`, or the call in Python where objects must be passed again."""
    try:
        config = read_json(path / "config.json")
    except RunError:
        config = {}
    data = config.get("data")
    in_memory = isinstance(data, dict) and data.get("path", "") is None
    needed = "".join([", data=..."] * in_memory + [", components=..."] * bool(config.get("components")))
    return f'echoic.load("{path}"{needed}).resume()' if needed else f"echoic train --resume {path}"
