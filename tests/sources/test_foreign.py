"""Formats that are not read are refused with the way to one that is."""

from pathlib import Path

import pytest

from echoic.config import AudioDataSettings, ClipDataSettings, EventDataSettings, MusicDataSettings, TextDataSettings
from echoic.config.base import Section
from echoic.config.table import TableSettings
from echoic.errors import DataError
from echoic.sources import read


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("a.xlsx", r"is a spreadsheet, which is not read; convert it in Python: pandas.read_excel\(...\).to_csv"),
        ("a.FEATHER", r"pandas.read_feather\("),
        ("a.orc", r"pandas.read_orc\("),
        ("a.h5", r"pandas.read_hdf\("),
        ("a.dta", r"pandas.read_stata\("),
        ("a.jsonl", r"pandas.read_json\("),
        ("a.sqlite", r"pandas.read_sql_query\("),
        ("a.rds", r"is a file of R, .* write it with write.csv"),
        ("a.arff", r"is an ARFF file, .*scipy.io.arff.loadarff"),
        ("a.npz", r"load it in Python with numpy.load"),
        ("a.csv.zip", r"is an archive, which is not read; unpack it, and give a file"),
        ("a.tar.gz", r"is an archive, which is not read; unpack it, and give a file"),
    ],
)
def test_a_table_of_another_format_is_refused_with_the_way_to_csv(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(DataError, match=remedy):
        read(tmp_path / name, TableSettings())


@pytest.mark.parametrize(
    "settings",
    [TextDataSettings(), MusicDataSettings(), AudioDataSettings(), ClipDataSettings(), EventDataSettings()],
    ids=lambda settings: type(settings).__name__,
)
def test_an_archive_is_refused_by_every_kind_of_data(tmp_path: Path, settings: Section) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(DataError, match=r"a\.zip is an archive, which is not read; unpack it"):
        read(tmp_path / "a.zip", settings)


def test_json_is_text_for_the_job_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    assert read(tmp_path / "a.jsonl", TextDataSettings()).series[0].steps == 9
