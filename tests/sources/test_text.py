"""Texts as series of code points or bytes."""

import gzip
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from echoic.config import TextDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources import read, textfile
from echoic.types import Series

CHARACTERS = TextDataSettings()
POEM = "Süß ♥ \U0001f600\nend"


def text_of(series: Series) -> str:
    return "".join(map(chr, series.values[:, 0].astype(int)))


def test_a_step_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text(POEM)
    (one,) = read(path, CHARACTERS).series
    assert text_of(one) == POEM
    assert one.values.dtype == np.uint32


@pytest.mark.parametrize(("last", "dtype"), [("z", np.uint8), ("\xff", np.uint8), ("Ω", np.uint16), ("😀", np.uint32)])
@pytest.mark.parametrize("block_bytes", [1, 3, 5])
def test_blocks_of_any_size_give_the_same_text_in_the_smallest_integers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str, dtype: Any, block_bytes: int
) -> None:
    monkeypatch.setattr(textfile, "_CHUNK_BYTES", block_bytes)
    path = tmp_path / "poem.txt"
    path.write_bytes(f"\ufeffa\r\nb\r\r\nc\rend{last}\r".encode())
    dataset = read(path, CHARACTERS)
    assert text_of(dataset.series[0]) == f"a\nb\n\nc\nend{last}\n"
    assert dataset.series[0].values.dtype == dtype
    counts = dataset.report.to_json()
    assert (counts["changed_line_ends"], counts["bom"]) == (5, True)


@pytest.mark.parametrize(("encoding", "bad"), [("utf-8", b"\xf0\x9f"), ("utf-16", b"\x00\xd8"), ("shift_jis", b"\x81")])
@pytest.mark.parametrize("block_bytes", [1, 3, 4, 1000])
def test_an_error_has_its_place_in_the_file_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, bad: bytes, block_bytes: int
) -> None:
    monkeypatch.setattr(textfile, "_CHUNK_BYTES", block_bytes)
    path = tmp_path / "poem.txt"
    good = "one\ntwo\n".encode(encoding)
    path.write_bytes(good + bad)
    with pytest.raises(DataError, match=f"line 3: byte 0x{bad[0]:02x} at offset {len(good)} is not {encoding}"):
        read(path, TextDataSettings(encoding=encoding))


def test_a_step_can_be_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_text(POEM)
    (one,) = read(path, TextDataSettings(tokenizer="bytes")).series
    assert bytes(one.values[:, 0].astype(np.uint8)) == POEM.encode()


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "cp1252", "utf-8-sig"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes("Süß".encode(encoding))
    assert text_of(read(path, TextDataSettings(encoding=encoding)).series[0]) == "Süß"


def test_byte_order_marks_and_line_ends_are_changed_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    dataset = read(path, CHARACTERS)
    assert text_of(dataset.series[0]) == "one\ntwo\nthree\n"
    assert dataset.report.notes == (
        "A byte order mark was removed.",
        "2 line ends (CRLF or CR) were converted to LF.",
    )


def test_a_compressed_file_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "poem.txt.gz").write_bytes(gzip.compress(POEM.encode()))
    assert text_of(read(tmp_path / "poem.txt.gz", CHARACTERS).series[0]) == POEM


def test_a_folder_and_a_list_have_a_series_for_each_file(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    for name in ("b.txt", "a.txt", "below/c.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "other.md").write_text("other")
    assert [text_of(one) for one in read(tmp_path, CHARACTERS).series] == ["a.txt", "b.txt", "below/c.txt"]
    chosen = read([tmp_path / "b.txt", str(tmp_path / "below")], CHARACTERS)
    assert [one.name for one in chosen.series] == ["b.txt", "c.txt"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(POEM.encode())))
    assert text_of(read("-", CHARACTERS).series[0]) == POEM


def test_empty_standard_input_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    with pytest.raises(DataError, match="standard input is empty; pipe a text"):
        read("-", CHARACTERS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"good\nb\xe4d", r"poem.txt, line 2: byte 0xe4 at offset 6 is not utf-8; .*--encoding latin-1"),
        (b"a\0b", r"poem.txt is a binary file \(a zero byte at offset 1\)"),
        (b"\xff\xfea\0", "byte order mark of UTF-16; pass --encoding utf-16"),
        (b"", "poem.txt is empty"),
    ],
)
def test_bad_bytes_are_one_sentence_with_the_place(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "poem.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words):
        read(path, CHARACTERS)


def test_a_folder_without_texts_and_an_unknown_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no .txt files"):
        read(tmp_path, CHARACTERS)
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(ConfigError, match="`encoding` must be a text encoding"):
        read(tmp_path / "a.txt", TextDataSettings(encoding="klingon"))


def test_the_fingerprint_depends_on_names_and_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("ab")
    (tmp_path / "b.txt").write_text("c")
    before = read(tmp_path, CHARACTERS).fingerprint
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("bc")
    assert read(tmp_path, CHARACTERS).fingerprint != before
