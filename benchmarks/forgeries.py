"""What can be wrong in a run folder: every value of its JSON, every tensor, and links in the place of its files."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save

from echoic.run.files import _digest as tensors_digest
from echoic.run.files import read_tensors
from echoic.run.sealed import read_json, sealed

MISSING, EXTRA, TWICE, DEEP = object(), object(), object(), object()
WRONG: tuple[Any, ...] = (
    *(MISSING, EXTRA, TWICE, DEEP),
    *(None, True, -1, 0, 1, 10**9, 10**30, 0.5, -0.5, 1e300, float("nan"), float("inf")),
    *("", "x", "\x1b[31m\n", "x" * 10**7, "../../victim", [], {}, [[]], [1e300], ["x"], [-1, 10**9], {"x": "x"}),
)
_KINDS = {id(MISSING): "nothing", id(EXTRA): "as it is, beside another", id(TWICE): "twice", id(DEEP): "nested"}
NAMES = [_KINDS.get(id(one)) or repr(one)[:30] for one in WRONG]
"""What each of `WRONG` is called."""

_DEPTH = 100_000
_PLACE = "place of something nested"

WRITTEN = (
    *("run.lock", "metrics.jsonl", "checkpoints", "folds", "calibration_folds", "figures", "samples", "report.html"),
    *("config.json", "codec.json", "calibration.json", "baselines.json", "model.safetensors", "series.safetensors"),
)
"""Names of files and folders that training and the report write."""

TENSORS: dict[str, Callable[[torch.Tensor], torch.Tensor | None]] = {
    "is missing": lambda _: None,
    "is empty": lambda one: one.new_zeros(0),
    "is a number": lambda one: one.new_zeros(()),
    "is longer": lambda one: torch.cat([one.reshape(-1), one.reshape(-1)]),
    "is transposed": lambda one: one.T.contiguous() if one.ndim == 2 else one[None],
    "has a million columns": lambda one: one.new_zeros(1, 10**6),
    "is float64": lambda one: one.double(),
    "is bfloat16": lambda one: one.bfloat16(),
    "is int64": lambda one: one.long(),
    "is bool": lambda one: one.bool(),
    "is NaN": lambda one: torch.full_like(one, float("nan")) if one.is_floating_point() else one - 1,
    "is huge": lambda one: torch.full_like(one, 1e30) if one.is_floating_point() else one + 10**6,
}


class Forgery(NamedTuple):
    """A file or folder of the run, what is wrong in it, and its contents; None for a symbolic link to another place."""

    name: str
    what: str
    content: Callable[[], bytes] | None


def forgeries(run: Path) -> list[Forgery]:
    """All forgeries of the files of a run."""
    folders = [run, *(path.parent for path in run.rglob("*/config.json"))]
    names = {str((folder / name).relative_to(run)) for folder in folders for name in (*WRITTEN, ".")} - {"."}
    made = [Forgery(name, "is a link", None) for name in sorted(names)]
    for path in sorted(run.rglob("*")):
        if path.suffix == ".json":
            content = {key: value for key, value in read_json(path).items() if key != "sha256"}
            made += _of_json(str(path.relative_to(run)), content, _json_bytes)
        elif path.suffix == ".safetensors":
            tensors, metadata = read_tensors(path)
            name = str(path.relative_to(run))
            made += _of_json(name, metadata, partial(_tensor_bytes, tensors))
            made += _of_tensors(name, tensors, metadata)
        elif path.name == "metrics.jsonl":
            rows = [json.loads(line) for line in path.read_text().splitlines()]
            row = {key: value for key, value in rows[-1].items() if key != "sha256"}
            made += _of_json(str(path.relative_to(run)), row, _line_bytes)
    return made


def _of_json(name: str, content: Any, as_bytes: Callable[[Any, Any], bytes]) -> list[Forgery]:
    return [
        Forgery(name, f"{'.'.join(map(str, place))} = {NAMES[number]}", partial(_forged, content, place, new, as_bytes))
        for place in places(content)
        for number, new in enumerate(WRONG)
    ]


def _of_tensors(name: str, tensors: dict[str, torch.Tensor], metadata: Any) -> list[Forgery]:
    def forged(key: str, change: Callable[[torch.Tensor], torch.Tensor | None]) -> bytes:
        new = change(tensors[key])
        others = {other: tensor for other, tensor in tensors.items() if other != key}
        return _tensor_bytes(others if new is None else others | {key: new}, metadata, None)

    made = [
        Forgery(name, f"{key} {what}", partial(forged, key, change))
        for key in tensors
        for what, change in TENSORS.items()
    ]
    extra = tensors | {"extra": torch.zeros(2)}
    return [*made, Forgery(name, "one more tensor", lambda: _tensor_bytes(extra, metadata, None))]


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values in JSON; of lists only the first and the last."""
    for key in value if isinstance(value, dict) else sorted({0, len(value) - 1}) if isinstance(value, list) else ():
        if isinstance(value, dict) or 0 <= key < len(value):
            yield (*place, key)
            yield from places(value[key], (*place, key))


def _forged(content: Any, place: tuple[Any, ...], new: Any, as_bytes: Callable[[Any, Any], bytes]) -> bytes:
    whole = copy.deepcopy(content)
    at = whole
    for key in place[:-1]:
        at = at[key]
    if new is MISSING:
        del at[place[-1]]
    elif new is EXTRA and isinstance(at, dict):
        at["extra"] = 1
    elif new is DEEP:
        at[place[-1]] = _PLACE
    elif new is not TWICE and new is not EXTRA:
        at[place[-1]] = new
    return as_bytes(whole, (place[-1], new))


def _text(value: Any, change: Any) -> str:
    key, new = change
    text = json.dumps(value)
    if new is DEEP:
        return text.replace(f'"{_PLACE}"', "[" * _DEPTH + "]" * _DEPTH)
    return text.replace(f'"{key}":', f'"{key}": 1, "{key}":') if new is TWICE and isinstance(key, str) else text


def _json_bytes(value: Any, change: Any) -> bytes:
    return _text(sealed(value), change).encode()


def _line_bytes(value: Any, change: Any) -> bytes:
    return _json_bytes(value, change) + b"\n"


def _tensor_bytes(tensors: dict[str, torch.Tensor], metadata: Any, change: Any) -> bytes:
    text = json.dumps(metadata) if change is None else _text(metadata, change)
    return save(tensors, {"metadata": text, "sha256": tensors_digest(tensors, text)})
