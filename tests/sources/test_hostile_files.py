"""Files that crash, hang or fill a reader end in one sentence."""

import gzip
import io
import json
import os
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import scipy.io
from forked_processes import without_forking
from scipy.io import savemat

from echoic.config import AudioDataSettings, ClipDataSettings, MusicDataSettings, TextDataSettings
from echoic.errors import DataError
from echoic.sources import apart, read, reader_process, rolls, textfile
from echoic.sources.text import read as read_text_source


@pytest.fixture(autouse=True)
def _processes() -> Iterator[None]:
    """Readers are tried in new processes, as users have them; elsewhere in forks."""
    with without_forking():
        yield


CLIPS = ClipDataSettings.model_validate({"axes": ("clip", "band", "frame"), "labels_path": "labels.npy"})


@pytest.mark.data
@pytest.mark.parametrize(("name", "settings"), [("one_byte.parquet", None), ("four_bytes.mat", MusicDataSettings())])
def test_a_file_that_ends_its_reader_does_not_end_the_process(
    data_dir: Path, name: str, settings: MusicDataSettings | None
) -> None:
    path = data_dir / "bad_files" / "crash" / name
    with pytest.raises(DataError, match=rf"{name} is (damaged|not a readable MATLAB file)"):
        read(path, settings)


def program(folder: Path, statement: str) -> str:
    """A program in place of the one that reads files."""
    (folder / "program.py").write_text(statement)
    return str(folder / "program.py")


@pytest.mark.parametrize(
    "statement", ["import os; os.abort()", "import os; os.kill(os.getpid(), 11)", "raise SystemExit(1)"]
)
def test_however_the_reader_ends_it_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    monkeypatch.setattr(reader_process, "__file__", program(tmp_path, statement))
    with pytest.raises(DataError, match="file is damaged"):
        apart.read_apart(tmp_path / "file", b"content", "matlab")


def test_a_reader_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "TIMEOUT_S", 0.5)
    monkeypatch.setattr(reader_process, "__file__", program(tmp_path, "import time; time.sleep(600)"))
    with pytest.raises(DataError, match="file is damaged"):
        apart.read_apart(tmp_path / "file", b"content", "matlab")


@pytest.mark.parametrize("executable", [sys.executable, "", "/no/such/python"])
def test_a_reader_that_refuses_a_file_gives_the_reason_with_or_without_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executable: str
) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(DataError, match=r"a.parquet is truncated or not a Parquet file \(.*must end with PAR1"):
        read(tmp_path / "a.parquet")
    (tmp_path / "a.mat").write_bytes(b"no file of MATLAB" * 20)
    with pytest.raises(DataError, match=r"a.mat is not a readable MATLAB file \(Unknown mat file type"):
        read(tmp_path / "a.mat", MusicDataSettings())


def test_this_process_has_no_reader_of_what_can_crash_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = {"a.parquet": None, "a.mat": MusicDataSettings()}
    pl.DataFrame({"y": [1.0, 2.0, 4.0]}).write_parquet(tmp_path / "a.parquet")
    savemat(tmp_path / "a.mat", {"testdata": rolls_of(np.eye(88))})
    monkeypatch.setattr(pl, "read_parquet", None)
    monkeypatch.setattr(scipy.io, "loadmat", None)
    for name, settings in written.items():
        assert read(tmp_path / name, settings).series


def rolls_of(*songs: np.ndarray) -> np.ndarray:
    cells = np.empty((1, len(songs)), object)
    for number, song in enumerate(songs):
        cells[0, number] = song
    return cells


def test_cells_without_numbers_and_names_without_cells_are_named(tmp_path: Path) -> None:
    savemat(tmp_path / "a.mat", {"traindata": rolls_of(np.eye(88), np.array(["do", "re"]))})
    with pytest.raises(DataError, match=r"a.mat, traindata 2: a roll must be numbers .*\(2,\)"):
        read(tmp_path / "a.mat", MusicDataSettings())
    savemat(tmp_path / "b.mat", {"traindata": np.eye(88), "songs": rolls_of(np.eye(88))})
    with pytest.raises(DataError, match=r"b.mat must have cells named traindata.*, got traindata, songs\."):
        read(tmp_path / "b.mat", MusicDataSettings())


def test_good_files_are_read_through_the_child(tmp_path: Path) -> None:
    pl.DataFrame({"y": [1.0, 2.0, 4.0]}).write_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").series[0].values[:, 0].tolist() == [1, 2, 4]
    rolls = np.empty((1, 1), object)
    rolls[0, 0] = np.eye(88, dtype=np.uint8)
    savemat(tmp_path / "a.mat", {"traindata": rolls})
    assert read(tmp_path / "a.mat", MusicDataSettings()).series[0].steps == 88


def torn_archive() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros((3, 2, 2)))
    return stream.getvalue()[:-40]


def archive() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros((3, 2, 2)))
    return stream.getvalue()


def negative_shape() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros((30, 2, 2)))
    return stream.getvalue().replace(b"(30, 2, 2)", b"(-3, 2, 2)")


@pytest.mark.parametrize("content", [torn_archive, archive, negative_shape, lambda: b"", lambda: b"\x93NUMPY"])
def test_arrays_of_clips_that_are_none_are_errors_of_the_file(tmp_path: Path, content: Callable[[], bytes]) -> None:
    (tmp_path / "a.npy").write_bytes(content())
    with pytest.raises(DataError, match=r"a.npy is (not a readable .npy file|an archive of arrays)"):
        read(tmp_path / "a.npy", CLIPS)


def test_a_number_of_5000_digits_is_an_error_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[[[" + "9" * 5000 + "]]]")
    with pytest.raises(DataError, match=r"a.json is not valid JSON \(Exceeds the limit"):
        read(tmp_path / "a.json", MusicDataSettings())
    assert json.loads("[9]") == [9]


@pytest.mark.parametrize("name", ["a.ts", "a.npy", "a.csv", "a.parquet"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name} is not a regular file"):
        read(tmp_path / name, CLIPS if name in {"a.ts", "a.npy"} else None)


def test_a_file_that_unpacks_to_a_thousand_times_its_size_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfile, "BOMB_BYTES", 1 << 20)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"1" * (8 << 20)))
    with pytest.raises(DataError, match=r"a.csv.gz unpacks to more than 300 times its [\d,]+ bytes; unpack it"):
        read(path)


def test_a_large_file_that_is_packed_as_texts_are_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textfile, "BOMB_BYTES", 1000)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(("y\n" + "".join(f"{number}\n" for number in range(5000))).encode()))
    assert read(path).series[0].steps == 5000


def packed_zeros(steps: int) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, a=np.zeros((steps, 88), np.uint8))
    return stream.getvalue()


def packed_cells(steps: int) -> bytes:
    stream, rolls = io.BytesIO(), np.empty((1, 1), object)
    rolls[0, 0] = np.zeros((steps, 88), np.uint8)
    savemat(stream, {"traindata": rolls}, do_compression=True)
    return stream.getvalue()


@pytest.mark.parametrize(("name", "content"), [("a.npz", packed_zeros), ("a.mat", packed_cells)])
def test_rolls_that_unpack_to_a_thousand_times_their_size_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: Callable[[int], bytes]
) -> None:
    monkeypatch.setattr(textfile, "BOMB_BYTES", 16 << 20)
    (tmp_path / name).write_bytes(content(1_000_000))
    with pytest.raises(DataError, match=rf"{name} unpacks to more than 300 times its [\d,]+ bytes"):
        read(tmp_path / name, MusicDataSettings())


def listed_songs(steps: int) -> bytes:
    return json.dumps({"train": [[[]] * steps, [[60]]]}).encode()


def saved_zeros(steps: int) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros((steps, 88), np.uint8))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.npz", packed_zeros), ("a.mat", packed_cells), ("a.json", listed_songs), ("a.npy", saved_zeros)],
)
def test_rolls_that_are_larger_in_memory_than_any_music_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: Callable[[int], bytes]
) -> None:
    monkeypatch.setattr(rolls, "MAX_STEPS", 1000)
    (tmp_path / name).write_bytes(content(999))
    assert sum(song.steps for song in read(tmp_path / name, MusicDataSettings()).series) <= 1000
    (tmp_path / name).write_bytes(content(1001))
    with pytest.raises(DataError, match=rf"{name} has rolls of 1,00\d steps, .* 1,000 .*; split it into smaller files"):
        read(tmp_path / name, MusicDataSettings())


def test_a_roll_takes_little_more_memory_than_its_bytes() -> None:
    sounds = np.zeros((100_000, 128), np.bool_)
    tracemalloc.start()
    rolls.notes_from_activity(sounds)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3.5 * sounds.nbytes


def test_a_table_of_packed_rows_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(textfile, "BOMB_BYTES", 1 << 20)
    pl.DataFrame({"y": np.zeros(1_000_000)}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"a\.parquet unpacks to more than 300 times"):
        read(tmp_path / "a.parquet")


def test_an_array_that_declares_more_than_its_file_holds_takes_no_memory(tmp_path: Path) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": (10**8, 88)})
    (tmp_path / "a.npy").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match=r"its shape \(100000000, 88\) is larger than the file"):
        read(tmp_path / "a.npy", MusicDataSettings())


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").symlink_to("a.wav")
    with pytest.raises(DataError, match=r"a\.wav: no such file"):
        read(tmp_path / "a.wav", AudioDataSettings())


class Endless(io.RawIOBase):
    """Standard input that never ends, and what was read of it."""

    def __init__(self, block: bytes) -> None:
        self.block, self.taken = block, 0

    def read(self, size: int = -1) -> bytes:
        assert size > 0, "read to the end"
        self.taken += size
        return self.block * (size // len(self.block))


@pytest.mark.parametrize(("block", "most"), [(b"\0", 1 << 20), (b"ab", 5 << 20)])
def test_standard_input_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, block: bytes, most: int) -> None:
    endless = Endless(block)
    monkeypatch.setattr("sys.stdin", type("Standard", (), {"buffer": endless}))
    monkeypatch.setattr("echoic.sources.text.MAX_BYTES", 4 << 20)
    with pytest.raises(DataError, match="standard input is no text, or more than"):
        read_text_source("-", TextDataSettings())
    assert endless.taken == most
