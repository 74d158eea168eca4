"""Atomic writes, and files with checksums."""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from echoic.errors import RunError
from echoic.write_errors import cannot_be_written

_LENGTH_BYTES = 8
"""Size of the number at the start of a safetensors file, the length of its header."""


def write_atomically(path: Path, data: bytes) -> None:
    """Replaces a file atomically: readers see the old or the new contents, even after a crash.

    Raises:
        RunError: the disk is full or the folder cannot be written; the old file is still there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        _write(temporary, "xb", data)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _write_error(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def append(path: Path, data: bytes) -> None:
    """Appends `data` to a file. A crash may leave an incomplete end.

    Raises:
        RunError: the disk is full or the file cannot be written.
    """
    try:
        _write(path, "ab", data)
    except OSError as error:
        raise _write_error(path, error) from error


def remove_temporary_files(folder: Path) -> None:
    """Deletes leftover temporary files of killed writers; those that cannot be deleted stay."""
    for leftover in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def check_regular(path: Path) -> None:
    """Raises an `OSError` for pipes and devices, which a reader could wait for without end."""
    if path.exists() and not path.is_file():
        raise OSError(f"{path.name} is not a regular file")


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Writes a safetensors file atomically, with `metadata` (plain JSON) and a checksum in its header.

    Raises:
        RunError: the disk is full or the folder cannot be written; the old file is still there.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(metadata, sort_keys=True)
    write_atomically(path, _sort_header(save(plain, {"metadata": text, "sha256": _digest(plain, text)})))


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and the metadata of a file written by `write_tensors`.

    Raises:
        RunError: the file is missing, truncated or damaged.
    """
    try:
        check_regular(path)
        with safe_open(path, "pt") as file:
            # Cloned, because safetensors maps the file, so tensors would change with it.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            header = file.metadata() or {}
    except (OSError, SafetensorError, ValueError) as error:
        raise RunError(f"{path} cannot be read ({error}).") from None
    if header.get("sha256") != _digest(tensors, header.get("metadata", "")):
        raise RunError(f"{path} is damaged (its checksum does not match).")
    try:
        metadata = json.loads(header["metadata"])
    except (LookupError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read (its metadata are not JSON: {type(error).__name__}).") from None
    if not isinstance(metadata, dict):
        raise RunError(f"{path} cannot be read (its metadata are no JSON object).")
    return tensors, metadata


def _sort_header(data: bytes) -> bytes:
    """The same safetensors file with its metadata sorted; `save` writes them in a random order."""
    size = int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)  # keeps the tensors aligned
    return len(text).to_bytes(_LENGTH_BYTES, "little") + text + data[_LENGTH_BYTES + size :]


def _digest(tensors: Mapping[str, Tensor], metadata: str) -> str:
    digest = hashlib.sha256(metadata.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _write(path: Path, mode: str, data: bytes) -> None:
    with path.open(mode) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Syncs a folder, so that a rename survives a power failure; not supported on Windows."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_error(path: Path, error: OSError) -> RunError:
    return RunError(f"{cannot_be_written(path, error)}; earlier files are intact.")
