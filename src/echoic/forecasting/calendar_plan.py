"""What a run takes of the calendar, and the sentence that says so."""

from collections.abc import Sequence

import numpy as np

from echoic.config import CalendarSettings
from echoic.forecasting.calendar import column_names, is_used, refuse_constant
from echoic.forecasting.calendar_choice import CalendarChoice, choose_fields
from echoic.forecasting.windows import SplitWindows
from echoic.types import Series


def resolve_calendar(
    series: Sequence[Series], settings: CalendarSettings, windows: SplitWindows
) -> tuple[CalendarSettings, str]:
    """The settings with `calendar` chosen, and a sentence on it: nothing where there was nothing to choose.

    Raises:
        ConfigError: a field that the user chose has no effect.
    """
    if not all(one.time.has_dates for one in series):
        note = "Without timestamps there is no calendar and there are no holidays; name their column with --time."
        return CalendarSettings(calendar=()), note if is_used(settings) else ""
    longest = max(series, key=lambda one: one.steps)
    refuse_constant(longest.time.local_times(np.arange(longest.steps)), settings)
    if settings.calendar is not None:
        return settings, f"Inputs: {', '.join(column_names(settings))}." if is_used(settings) else ""
    # The inputs of a live network are values alone.
    is_live = windows.settings.window.strategy == "recursive"
    choice = CalendarChoice((), (), 0.0) if is_live else choose_fields(series, windows)
    resolved = CalendarSettings(calendar=choice.fields, holidays=settings.holidays)
    holidays = [f"Public holidays of {settings.holidays} are an input."] if settings.holidays else []
    return resolved, " ".join([*filter(None, [_note(choice)]), *holidays])


def _note(choice: CalendarChoice) -> str:
    held_out = "a linear forecast of held-out steps"
    if choice.fields:
        names = " and ".join(choice.fields)
        return f"Inputs from the calendar: {names} ({choice.gain:.1%} off the error of {held_out})."
    if choice.tried:
        names = " and ".join(choice.tried)
        return f"No inputs from the calendar: {names} would not surely improve {held_out}."
    return ""
