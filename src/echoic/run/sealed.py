"""JSON with a digest: one changed bit in a file of a run is an error, not another forecast."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from echoic.errors import RunError
from echoic.run.files import check_regular, write_atomically

DIGEST = "sha256"
"""The key of the digest, which stands beside the content that it covers."""


def sealed(value: Mapping[str, Any]) -> dict[str, Any]:
    """`value` as plain JSON with the digest of all of it under the key `sha256`."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(value)))
    return plain | {DIGEST: _digest(plain)}


def unsealed(place: Path, value: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """`value` without its digest, which must match if there is one.

    Raises:
        RunError: the content is not what was written, or there is no digest and one is `required`.
    """
    content = {key: one for key, one in value.items() if key != DIGEST}
    if DIGEST in value and value[DIGEST] != _digest(content):
        raise RunError(f"{place} is damaged (its checksum does not match); restore the file, or train again.")
    if DIGEST not in value and required:
        raise RunError(f"{place} is damaged (it has no checksum); restore the file, or train again.")
    return content


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Writes `value` atomically as indented JSON with its digest."""
    json.dumps(value, allow_nan=False)
    write_atomically(path, (json.dumps(sealed(value), indent=2) + "\n").encode())


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, with its digest if it has one.

    Raises:
        RunError: the file is missing, is not a JSON object, or holds numbers that are not finite.
    """
    try:
        check_regular(path)
        value = json.loads(path.read_text("utf-8"), parse_constant=_refuse)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    except RecursionError:
        raise RunError(f"{path} cannot be read (it is nested too deeply).") from None
    if not isinstance(value, dict):
        raise RunError(f"{path} must hold a JSON object.")
    return value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def _digest(plain: Mapping[str, Any]) -> str:
    """Of the content, whatever the order of the keys and the space between them."""
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
