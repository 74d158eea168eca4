"""Settings of how tables are read."""

from typing import Literal

from pydantic import Field

from echoic.config.base import Names, Section


class TableSettings(Section):
    """How a table is read as series."""

    format: Literal["auto", "wide", "long", "m4"] = Field(
        "auto",
        description="wide: a column a feature. long: columns unique_id, ds, y (or --id, --time, --target) and many "
        "series. m4: a row a series, as in the M4 competition. auto: long if --id is given or unique_id is there.",
    )
    time: str | None = Field(None, description="Column of timestamps; without it steps are just counted.")
    target: Names = Field((), description="Columns to predict, comma-separated; all numeric ones by default.")
    id: str | None = Field(None, description="Column that names the series (long format).")
    past_covariates: Names = Field((), description="Columns known up to now only, used as inputs.")
    future_covariates: Names = Field((), description="Columns known ahead (calendar, plans), used as inputs.")
    static_covariates: Names = Field((), description="Columns that never change within a series, used as inputs.")
    decimal: Literal[".", ","] = Field(".", description="Decimal mark of numbers.")
    delimiter: str | None = Field(None, description="Column separator; found from the header by default.")
    encoding: str = Field("utf-8", description="Text encoding of CSV files.")
    date_format: str | None = Field(None, description="Format of timestamps, such as %d.%m.%Y.")
    gaps: Literal["error", "mask"] = Field(
        "error", description="Missing rows in time: stop, or insert them as missing values (masked, counted)."
    )
    sort: bool = Field(default=False, description="Sort rows by time instead of refusing unsorted ones.")
