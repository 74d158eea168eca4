"""Makers of tables."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl


def table(name: str, *rows: str, encoding: str = "utf-8") -> Callable[[Path], Path]:
    """A maker of a CSV file."""

    def make(folder: Path) -> Path:
        path = folder / f"{name}.csv"
        path.write_text("\n".join(rows), encoding)
        return path

    return make


def columns(
    header: str, *values: Callable[[int], object], rows: int = 400, separator: str = ","
) -> Callable[[Path], Path]:
    """A maker of a CSV file, each column a function of the row."""
    return table("columns", header, *(separator.join(str(column(row)) for column in values) for row in range(rows)))


def wave(row: int) -> str:
    """A sine, exact to four digits."""
    return f"{np.sin(row / 4):.4f}"


def other_wave(row: int) -> str:
    """Another sine."""
    return f"{5 * np.cos(row / 6) + 2:.4f}"


def day(row: int) -> str:
    """Consecutive days."""
    return str(np.datetime64("2020-01-01") + row)


def autumn_hour(row: int) -> str:
    """Consecutive hours on clocks that are put back from 3 to 2."""
    return str(np.datetime64("2024-10-20T00") + row - (row > 170)) + ":00"


WIDE = columns("a,b", wave, other_wave)
SERIES = columns("unique_id,y", lambda row: row % 2, lambda row: wave(row) if row % 2 else other_wave(row), rows=800)
CONSTANT = columns("a,kind", wave, lambda _: 3)
DAILY = columns("ds,y", day, wave)
WEEKLY = columns("ds,y", lambda row: day(7 * row), wave)
GAPPED = columns("ds,y", lambda row: day(row + row // 100), wave)
ODD_DAYS = columns("ds,y", lambda row: day(2 * row - row % 50 // 49), wave)
HALF_DAYS = columns("ds,y", lambda row: f"{day(row // 2)} {7 + row % 2:02}:30", wave, rows=800)
AUTUMN = columns("ds,y", autumn_hour, wave)
UNSORTED = columns("ds,y", lambda row: day(row ^ 1), wave)
ODD_DATES = columns("ds,y", lambda row: (date(2020, 1, 1) + timedelta(row)).strftime("%Y/%j"), wave)
COMMAS = columns("a;b", lambda row: wave(row).replace(".", ","), lambda row: row, separator=";")
TILDES = columns("a~b", wave, other_wave, separator="~")
LATIN = table("latin", "größe", *map(wave, range(400)), encoding="latin-1")


def data_frame(_folder: Path) -> pl.DataFrame:
    """A DataFrame of one series."""
    return pl.DataFrame({"y": [float(wave(row)) for row in range(400)]})


def parquet(folder: Path) -> Path:
    """The same in a Parquet file."""
    path = folder / "one.parquet"
    data_frame(folder).write_parquet(path)
    return path


def m4(folder: Path) -> Path:
    """Two series in the M4 format."""
    path = folder / "m4.csv"
    header = ",".join(f"V{column}" for column in range(1, 402))
    path.write_text("\n".join([header, *(f"{name}," + ",".join(map(wave, range(400))) for name in ("a", "b"))]))
    return path


def synthetic(_folder: Path) -> str:
    """The name of a synthetic signal."""
    return "synth:sine,steps=400"
