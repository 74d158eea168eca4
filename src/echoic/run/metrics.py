"""metrics.jsonl: a JSON object with its digest in each line, one line per evaluation of dev."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echoic.errors import RunError
from echoic.run.files import check_regular
from echoic.run.sealed import sealed, unsealed


def metrics_line(row: Mapping[str, Any]) -> str:
    """A row as a line."""
    return json.dumps(sealed(row)) + "\n"


def read_rows(path: Path, *, required: bool) -> list[dict[str, Any]]:
    """The rows of the file without their digests; none if there is no file.

    A last line that a crash cut short is left out.

    Raises:
        RunError: a line is damaged, or has no digest and one is `required`.
    """
    if not path.exists():
        return []
    try:
        check_regular(path)
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    if lines and not lines[-1].endswith(b"\n") and not _is_beyond_its_end(lines[-1]):
        lines.pop()
    return [unsealed(path, _row(path, line), required=required) for line in lines]


def _row(path: Path, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged ({error}).") from None
    if not line.endswith(b"\n") or not isinstance(row, dict):
        raise RunError(f"{path} is damaged (a line is no JSON object).")
    return row


def _is_beyond_its_end(line: bytes) -> bool:
    """Whether something stands where the line feed was: a crash leaves a part of a line, and never more than it."""
    text = line.decode(errors="replace")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except ValueError:
        return False
    return end < len(text)
