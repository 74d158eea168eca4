"""Where a run may be created, and how one that is there is resumed."""

import re
from pathlib import Path

from echoic.errors import RunError
from echoic.run.sealed import read_json

_BEFORE_TRAINING = re.compile(
    r"checkpoints|run\.lock|(codec|config)\.json|(series|initial)\.safetensors|metrics\.jsonl|\..*\.tmp"
)


def ensure_new(path: Path) -> None:
    """Checks that `path` does not exist, or is a run without a checkpoint.

    Raises:
        RunError: `path` exists.
    """
    if not path.exists():
        return
    if path.is_dir() and all(_BEFORE_TRAINING.fullmatch(one.name) for one in path.iterdir()):
        started = path / "checkpoints"
        if not started.exists() or (started.is_dir() and not any(started.glob("step-*"))):
            return
    resume = f", or resume with `{resume_command(path)}`" if (path / "config.json").is_file() else ""
    raise RunError(f"{path} already exists; choose another --out{resume}.")


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
