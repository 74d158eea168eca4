"""Damaged copies of files of every format are read, or refused in one sentence."""

import dataclasses
from pathlib import Path

import pytest

from damaged_inputs import read_damaged
from echoic.sources import SOURCES, kinds
from good_inputs import inputs, missing_formats


def test_every_format_of_the_registry_has_a_file_that_is_damaged(tmp_path: Path) -> None:
    assert missing_formats(inputs(tmp_path)) == []


def test_a_format_without_such_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.SOURCES, "new", dataclasses.replace(SOURCES["parquet"], endings=(".new",)))
    assert missing_formats(inputs(tmp_path)) == ["new", ".new"]


@pytest.mark.slow
def test_damaged_and_hostile_files_neither_end_nor_hang_nor_fill_a_process(tmp_path: Path) -> None:
    counts, failures = read_damaged(3, 1, tmp_path / "inputs")
    assert failures == []
    assert set(counts.values()) - {counts["hostile"]} == {3}
