"""Whatever ends a write early, the file that was there is there."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from echoic.errors import ConfigError, RunError
from echoic.writers.files import replacing, write_bytes
from echoic.writers.sound import SoundWriter
from echoic.writers.tables import write_table


def fail(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "out"
    write_bytes(path, b"a long first content")
    write_bytes(path, b"short")
    assert path.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError, SystemExit])
def test_an_interrupted_write_leaves_the_old_file_alone(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "out"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with replacing(path) as part:
            part.write_bytes(b"torn")
            raise error

    with pytest.raises((error, RunError)):
        interrupted()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_alone_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(RunError, match=r"out.csv cannot be written \(No space left on device\): free some space"):
        write_table(path, {"a": [1]})
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_sound_replaces_the_old_file_only_when_it_is_complete(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    path.write_bytes(b"old")

    def interrupted() -> None:
        with SoundWriter(path, 8000) as writer:
            writer.write(np.zeros(100, np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    with SoundWriter(path, 8000) as writer:
        writer.write(np.zeros(100, np.float32))
        assert path.read_bytes() == b"old"
    assert path.read_bytes()[:4] in {b"RIFF", b"fLaC"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_followed_and_the_permissions_of_the_old_file_are_kept(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_bytes(pipe, b"content")
    reader.join()
    assert got == [b"content"]
    assert pipe.is_fifo()


def test_a_name_as_long_as_the_disk_allows_can_be_written(tmp_path: Path) -> None:
    write_bytes(tmp_path / ("x" * 255), b"content")
    assert len(list(tmp_path.iterdir())) == 1


def test_formulas_do_not_reach_a_spreadsheet_and_numbers_stay_as_they_are(tmp_path: Path) -> None:
    texts = ['=HYPERLINK("http://x")', "@SUM(1)", "+cmd|x", "-1.5e3", "-2+3", "a=b", "\t=1", None]
    write_table(tmp_path / "out.csv", {"=1+1": texts, "-x": [-1.5] * len(texts)})
    back = pl.read_csv(tmp_path / "out.csv")
    assert back.columns == ["'=1+1", "'-x"]
    assert back["'=1+1"].to_list() == [
        '\'=HYPERLINK("http://x")',
        "'@SUM(1)",
        "'+cmd|x",
        "-1.5e3",
        "'-2+3",
        "a=b",
        "'\t=1",
        None,
    ]
    assert back["'-x"].to_list() == [-1.5] * len(texts)


def test_parquet_holds_texts_as_they_are(tmp_path: Path) -> None:
    write_table(tmp_path / "out.parquet", {"a": ["=1"]})
    assert pl.read_parquet(tmp_path / "out.parquet")["a"].to_list() == ["=1"]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_table_without_rows_is_a_file_with_its_columns(tmp_path: Path, name: str) -> None:
    write_table(tmp_path / name, {"label": np.array([], object), "onset_s": np.array([], np.float64)})
    read = pl.read_parquet if name.endswith("parquet") else pl.read_csv
    assert read(tmp_path / name).columns == ["label", "onset_s"]


@pytest.mark.parametrize("name", ["out.xlsx", "out.JSON"])
def test_tables_are_not_written_under_the_ending_of_another_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=rf"{name}: tables are written as CSV or Parquet; choose the ending \.csv"):
        write_table(tmp_path / name, {"a": [1]})
    assert not list(tmp_path.iterdir())
