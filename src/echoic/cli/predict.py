"""`echoic predict RUN [FILE...]`."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from echoic.cli.eval import OnError, RunPath
from echoic.cli.grouped import GroupedCommand
from echoic.cli.printing import say
from echoic.cli.progress import progress_bar, round_progress
from echoic.cli.tables import fits, print_columns, short_number
from echoic.cli.train import Json, TrainingData, single_or_list
from echoic.types.counted import counted

Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        rich_help_panel="Output",
        help=(
            "File to write, by its ending: CSV or Parquet; of map runs also .wav, .flac or .npz, of transcribe runs "
            "subtitles (.srt, .vtt) or labels for Audacity (.txt)."
        ),
    ),
]
_MAX_ROWS = 50


def add_to(app: typer.Typer, help_text: str) -> None:
    """Adds the verb."""
    app.command("predict", cls=GroupedCommand, help=help_text)(predict)


def predict(
    run: RunPath,
    output: Output = None,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Data to predict for. Default: the run's own.")
    ] = None,
    training_data: TrainingData = None,
    on_error: OnError = "skip",
    as_json: Json = False,
) -> None:
    import echoic
    from echoic.cli.classes import without_many_columns
    from echoic.writers.subtitles import is_for, write_subtitles
    from echoic.writers.tables import write_table

    opened = echoic.load(run, data=training_data)
    if output is not None and opened.writes_signals(output):
        with progress_bar() as bar:
            summary = opened.write_signals(
                output,
                single_or_list(files or []) or None,
                on_error=on_error,
                on_progress=round_progress(bar, "predicting"),
            )
        typer.echo(json.dumps({"output": str(output)})) if as_json else say(summary)
        return
    with progress_bar() as bar:
        columns = opened.predict(files or None, on_error=on_error, on_progress=round_progress(bar, "predicting"))
    rows = len(next(iter(columns.values())))
    if output is not None and is_for(output, columns):
        say(f"{output}: {counted(write_subtitles(output, columns), 'line')}")
    elif output is not None:
        write_table(output, columns)
        say(f"{output}: {counted(rows, 'row')}")
    if as_json:
        cells = zip(*map(_plain, columns.values()), strict=True)
        typer.echo(json.dumps([dict(zip(columns, row, strict=True)) for row in cells]))
    elif output is None:
        top = {name: column[:_MAX_ROWS] for name, column in columns.items() if not _is_nested(column)}
        digits = _digits(top)
        shown = {name: _short(name, column, digits) for name, column in top.items()}
        if not fits(shown):
            top = without_many_columns(top, getattr(opened.settings.data, "label_separator", None))
            shown = {name: _short(name, column, digits) for name, column in top.items()}
        print_columns(f"{run}: {counted(rows, 'row')}", list(shown), list(zip(*shown.values(), strict=True)))
        if rows > _MAX_ROWS:
            say(f"... {rows - _MAX_ROWS} more; write all rows with -o FILE")


def _plain(column: Any) -> list[Any]:
    """The cells of a column as JSON values; text unless they are numbers, times in ISO 8601."""
    if column.dtype.kind == "M" or (len(column) and isinstance(column[0], datetime)):
        return _iso_texts(column)
    return column.tolist() if column.dtype.kind in "biuf" or _is_nested(column) else [str(value) for value in column]


def _is_nested(column: Any) -> bool:
    """Whether its cells are lists."""
    return bool(len(column)) and isinstance(column[0], list)


def _digits(columns: dict[str, Any]) -> list[int]:
    """The digits of the numbers in each row: four, and more where they do not tell a forecast from its interval."""
    import numpy as np

    numbers = [column for name, column in columns.items() if column.dtype.kind == "f" and not name.endswith("_s")]
    if not numbers:
        return [4] * len(next(iter(columns.values())))
    values = np.column_stack(numbers)
    if not len(values):  # a recording without events
        return []
    spread = np.ptp(values, 1)
    spread = np.where(spread > 0, spread, np.ptp(values))
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = np.ceil(np.log10(np.abs(values).max(1) / spread))
    return [4 if not np.isfinite(one) else int(np.clip(one + 2, 4, 15)) for one in shared]


def _short(name: str, column: Any, digits: list[int] | None = None) -> list[str]:
    """The cells of a column for the terminal: few digits, times in seconds to the millisecond, dates in few digits."""
    if column.dtype.kind == "M":
        return _iso_texts(column, ("D", "m", "s", "ms"))
    if len(column) and isinstance(column[0], datetime):
        seconds = any(one.second or one.microsecond for one in column)
        return [one.isoformat(timespec="auto" if seconds else "minutes") for one in column]
    if column.dtype.kind != "f":
        return [str(value) for value in column]
    if name.endswith("_s"):
        return [f"{value:.3f}" for value in column]
    return [short_number(value, number) for value, number in zip(column, digits or [4] * len(column), strict=True)]


def _iso_texts(column: Any, units: Sequence[str] = ("s",)) -> list[str]:
    """Times in ISO 8601, in the first of these units that all are exact in, or microseconds; zoned ones with offset."""
    import numpy as np

    if column.dtype.kind != "M":
        return [one.isoformat() for one in column]
    exact = (unit for unit in units if (column.astype(f"datetime64[{unit}]") == column).all())
    unit: Any = next(exact, "us")
    return [str(one) for one in np.datetime_as_string(column, unit)]
