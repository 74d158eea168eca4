"""What config.json must have before anything is taken from it."""

import re
from pathlib import Path
from typing import Any

from echoic.errors import RunError

FORMAT = 2
"""Version of the folder's layout, in config.json. Format 1 has no digests in its JSON."""

READABLE = (1, FORMAT)
"""Formats that are read."""

CONFIG_KEYS = {"job": str, "settings": dict, "data": dict, "versions": dict, "components": dict}
"""The keys of config.json besides `format`, and the types of their values."""

_LONGEST_PATH = 4096

DATA_KEYS = ("path", "fingerprint", "report")
"""The keys of the entry `data`."""


_BARE_NUMBER = re.compile(r"\d*\.?\d+")


def check_config(path: Path, config: dict[str, Any]) -> dict[str, Any]:
    """`config`, the contents of `path`, if it has all that every reader takes from it.

    Raises:
        RunError: the format is another, or a key is missing or of another type.
    """
    number = config.get("format")
    if number not in READABLE or isinstance(number, bool):
        known = " and ".join(map(str, READABLE))
        raise RunError(f"{path.parent} has run format {number!r}; this version of echoic reads {known}.")
    missing = [key for key in CONFIG_KEYS if key not in config]
    if missing:
        raise RunError(f"{path} has no {', '.join(map(repr, missing))}; restore the file, or train again.")
    for key, kind in CONFIG_KEYS.items():
        if not isinstance(config[key], kind):
            raise _wrong(path, key, "an object" if kind is dict else "a text")
    data = config["data"]
    if any(key not in data for key in DATA_KEYS) or not isinstance(data["report"], dict):
        raise _wrong(path, "data", f"an object with {', '.join(DATA_KEYS)}")
    if not isinstance(data["report"].get("notes", []), list):
        raise _wrong(path, "data.report.notes", "a list")
    names = [data["fingerprint"], *_paths(data["path"])]
    if not all(isinstance(one, str) and len(one) < _LONGEST_PATH and "\0" not in one for one in names):
        raise _wrong(path, "data", "a text `fingerprint`, and a text, a list of texts or null as `path`")
    return config


def with_units(config: dict[str, Any]) -> dict[str, Any]:
    """`config` with the unit of the grid of music, which was seconds where earlier versions wrote a bare number."""
    data = config["settings"].get("data")
    if not (config["job"] == "music" and isinstance(data, dict) and _BARE_NUMBER.fullmatch(str(data.get("grid", "")))):
        return config
    data = {**data, "grid": f"{data['grid']}s"}
    return {**config, "settings": {**config["settings"], "data": data}}


def _paths(path: Any) -> list[Any]:
    if path is None:
        return []
    return path if isinstance(path, list) else [path]


def _wrong(path: Path, key: str, expected: str) -> RunError:
    return RunError(f"{path}: {key!r} must be {expected}; restore the file, or train again.")
