"""Settings of tables."""

from typing import ClassVar, Literal

from pydantic import Field

from echoic.config.base import Names, Section
from echoic.config.inputs import ON_ERROR, OnError


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
    time: str | None = Field(None, description="Column of timestamps. Default: none, steps are counted.")
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
    sort: bool = Field(default=False, description="Sort rows by time; without it, unsorted rows are an error.")
    on_error: OnError = ON_ERROR
