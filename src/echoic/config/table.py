"""Settings of tables."""

import difflib
import re
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field

from echoic.config.base import Names, Section
from echoic.config.inputs import ON_ERROR, OnError


def _zone(value: str | None) -> str | None:
    if value is None or re.fullmatch(r"[+-]\d{2}:\d{2}", value):
        return value
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = difflib.get_close_matches(value, available_timezones(), 1) or ["Europe/Berlin"]
        raise ValueError(f"must be a time zone such as {near[0]}, or an offset such as +02:00") from None
    return value


class TableSettings(Section):
    """How a table is read as series."""

    panel: ClassVar[str] = "Data"

    format: Literal["auto", "wide", "long", "m4"] = Field(
        "auto",
        description=(
            "wide: one column per feature. long: columns unique_id, ds, y (or --id, --time, --target), many series. "
            "m4: one row per series, as in the M4 competition. auto: long if --id is given or there is a column "
            "unique_id, otherwise wide."
        ),
    )
    time: str | None = Field(
        None,
        description=(
            "Column of timestamps, or those of a calendar, such as year+month. none: steps are counted. Default: the "
            "column that holds dates, if there is one."
        ),
    )
    target: Names = Field((), description="Columns to predict. Default: all numeric columns.")
    id: str | None = Field(None, description="Column with the name of the series (long format).")
    past_covariates: Names = Field((), description="Input columns that are known for the past only.")
    future_covariates: Names = Field((), description="Input columns that are known ahead, such as plans or prices.")
    static_covariates: Names = Field((), description="Input columns that are constant within a series.")
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of numbers that are text, as in CSV files.")
    delimiter: str | None = Field(None, description="CSV files: column separator. Default: detected from the header.")
    encoding: str = Field("utf-8", description="CSV files: text encoding.")
    date_format: str | None = Field(
        None, description="Format of timestamps that are text or numbers, such as %d.%m.%Y. Default: detected."
    )
    gaps: Literal["error", "mask"] = Field(
        "error", description="Missing rows in time. error: stop. mask: insert them as missing values."
    )
    freq: str | None = Field(
        None,
        description=(
            "Frequency of the steps as an alias of pandas, such as 15min, h, D, B, W-MON, MS, ME, BME, SMS, QS or YS. "
            "Default: that of the rows."
        ),
    )
    resample: Literal["mean", "sum", "first", "last", "min", "max", "median", "count"] | None = Field(
        None,
        description=(
            "Combine rows at any time to one for each step of --freq; the bins are those of pandas. Default: every row "
            "is a step."
        ),
    )
    time_zone: Annotated[str | None, AfterValidator(_zone)] = Field(
        None,
        description=(
            "Time zone of the timestamps, such as Europe/Berlin; those with an offset are converted to it. Default: "
            "that of the data."
        ),
    )
    sort: bool = Field(default=False, description="Sort rows by time; without it, unsorted rows are an error.")
    on_error: OnError = ON_ERROR
