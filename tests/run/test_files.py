import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from echoic.errors import RunError
from echoic.run.files import (
    append,
    read_tensors,
    remove_temporary_files,
    write_atomically,
    write_tensors,
)

TENSORS = {
    "weight": torch.arange(6.0).view(2, 3),
    "step": torch.tensor(7.0),
    "random": torch.arange(5, dtype=torch.uint8),
    "count": torch.tensor([2**40]),
    "transposed": torch.arange(6.0).view(2, 3).T,
    "empty": torch.zeros(0, 4),
}
METADATA = {"step": 3, "loss": 0.1 + 0.2, "best": None, "bad": float("inf")}


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_write_replaces_the_whole_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"a long first content")
    write_atomically(path, b"short")
    assert path.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(
        RunError,
        match=r"file cannot be written \(No space left on device\): free some space, .*; earlier files are",
    ):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_synced_before_the_rename_and_the_folder_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    sync, replace = os.fsync, os.replace

    def syncing(handle: int) -> None:
        calls.append("sync folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "sync file")
        sync(handle)

    def replacing(source: str, target: str) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", replacing)
    write_atomically(tmp_path / "file", b"content")
    assert calls == ["sync file", "rename", "sync folder"]


def test_a_missing_folder_is_a_run_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"file cannot be written \(No such file or directory\)"):
        write_atomically(tmp_path / "missing" / "file", b"")


def test_files_have_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_atomically(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_leftovers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in (".model.safetensors.1-ab.tmp", "notes.tmp", ".hidden", "model.safetensors"):
        (tmp_path / name).touch()
    remove_temporary_files(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "model.safetensors", "notes.tmp"]


def test_append_adds_to_the_file(tmp_path: Path) -> None:
    append(tmp_path / "log", b"one\n")
    append(tmp_path / "log", b"two\n")
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"


def test_an_error_about_a_failed_append_names_the_safe_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(RunError, match=r"log cannot be written .* earlier files are intact"):
        append(tmp_path / "log", b"one\n")


def test_tensors_and_metadata_survive_bit_for_bit(tmp_path: Path) -> None:
    write_tensors(tmp_path / "file", TENSORS, METADATA)
    tensors, metadata = read_tensors(tmp_path / "file")
    assert metadata == METADATA
    assert tensors.keys() == TENSORS.keys()
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


def test_read_data_do_not_change_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_tensors(path, {"weight": torch.zeros(5000)}, {})
    tensors, _ = read_tensors(path)
    with path.open("r+b") as file:  # in place, as cp does
        file.seek(-400, os.SEEK_END)
        file.write(b"\x01" * 400)
    assert torch.equal(tensors["weight"], torch.zeros(5000))


def test_a_flipped_bit_is_found_in_every_byte(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_tensors(path, TENSORS, METADATA)
    whole = path.read_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(RunError, match=r"file (cannot be read|is damaged)"):
            read_tensors(path)


def test_every_truncation_is_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_tensors(path, TENSORS, METADATA)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(RunError, match=r"file (cannot be read|is damaged)"):
            read_tensors(path)


def test_two_tensors_exchanged_in_the_header_are_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_tensors(path, {"aa": torch.zeros(3), "bb": torch.ones(3)}, {})
    path.write_bytes(path.read_bytes().replace(b'"aa"', b'"cc"').replace(b'"bb"', b'"aa"').replace(b'"cc"', b'"bb"'))
    with pytest.raises(RunError, match="its checksum does not match"):
        read_tensors(path)


def test_safetensors_without_a_checksum_are_refused(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"metadata": "{}"}}).encode()
    (tmp_path / "file").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(RunError, match="its checksum does not match"):
        read_tensors(tmp_path / "file")


def test_the_same_tensors_and_metadata_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [tmp_path / "a.safetensors", tmp_path / "b.safetensors"]
    for path, is_reversed in zip(paths, (False, True), strict=True):

        def shuffled(tensors: Any, metadata: Any, is_reversed: bool = is_reversed) -> bytes:
            """`save` with the header that another process would have written."""
            data = save(tensors, metadata)
            size = int.from_bytes(data[:8], "little")
            header = json.loads(data[8 : 8 + size])
            items = sorted(header["__metadata__"].items(), reverse=is_reversed)
            text = json.dumps(header | {"__metadata__": dict(items)}).encode()
            return len(text).to_bytes(8, "little") + text + data[8 + size :]

        monkeypatch.setattr("echoic.run.files.save", shuffled)
        write_tensors(path, TENSORS, METADATA)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert int.from_bytes(paths[0].read_bytes()[:8], "little") % 8 == 0
    tensors, metadata = read_tensors(paths[0])
    assert metadata == METADATA
    assert all(torch.equal(tensors[name], tensor) for name, tensor in TENSORS.items())
