"""Damaged copies of files of every format are read, or refused in one sentence."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from echoic.sources import SOURCES, kinds
from good_inputs import inputs, missing_formats

Survivors = Callable[[str, int], tuple[dict[str, int], list[str]]]


def test_every_format_of_the_registry_has_a_file_that_is_damaged(tmp_path: Path) -> None:
    assert missing_formats(inputs(tmp_path)) == []


def test_a_format_without_such_a_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.SOURCES, "new", dataclasses.replace(SOURCES["parquet"], endings=(".new",)))
    assert missing_formats(inputs(tmp_path)) == ["new", ".new"]


@pytest.mark.slow(seconds=70)
def test_damaged_and_hostile_files_neither_end_nor_hang_nor_fill_a_process(survivors: Survivors) -> None:
    counts, failures = survivors("inputs", 1)
    assert failures == []
    assert set(counts.values()) - {counts["hostile"]} == {1}
