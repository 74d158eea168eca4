"""Settings of the calendar."""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from echoic.config.base import Section, split_commas

CalendarField = Literal["hour", "weekday", "day_of_month", "month"]


def _fields(value: Any) -> Any:
    return {"auto": None, "none": ()}.get(value, split_commas(value)) if isinstance(value, str) else split_commas(value)


def _distinct(value: tuple[CalendarField, ...] | None) -> tuple[CalendarField, ...] | None:
    return None if value is None else tuple(dict.fromkeys(value))


def _place(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Z]{2,4}(-[A-Z0-9]+)?", value):
        raise ValueError("must be the code of a country, such as DE, or of a part of one, such as DE-BY")
    return value


class CalendarSettings(Section):
    """Inputs from the date and time of each step, those of the horizon included."""

    panel: ClassVar[str] = "Data"

    calendar: Annotated[tuple[CalendarField, ...] | None, BeforeValidator(_fields), AfterValidator(_distinct)] = Field(
        None,
        description=(
            "Inputs from the timestamps, of the look-back and the horizon: hour, weekday, day_of_month and month, or "
            "none. Default: those with which a linear forecast of held-out steps is surely better; none for the "
            "recursive strategy."
        ),
    )
    holidays: Annotated[str | None, AfterValidator(_place)] = Field(
        None,
        description=(
            "Public holidays as an input: the code of a country, such as DE, or of a part of it, such as DE-BY. "
            "Requires echoic[holidays]."
        ),
    )
