"""Public holidays by the package holidays, which is optional."""

import numpy as np

from echoic.errors import ConfigError
from echoic.extras import LazyModule
from echoic.types import Floats
from echoic.types.frequency import Times

_holidays = LazyModule("holidays")


def holiday_flags(times: Times, place: str) -> Floats:
    """1 where the date of a time is a public holiday of `place` (such as DE or DE-BY), otherwise 0, `(times,)`.

    Raises:
        ConfigError: the package has no calendar of the place.
        MissingExtraError: the package is not installed.
    """
    country, _, part = place.partition("-")
    days = times.astype("datetime64[D]")
    years = np.unique(days.astype("datetime64[Y]").astype(np.int64) + 1970).tolist()
    try:
        found = _holidays.country_holidays(country, subdiv=part or None, years=years)
    except NotImplementedError as error:
        raise ConfigError(f"`holidays`: there is no calendar of {place!r} ({error}).") from None
    dates = np.array(sorted(found), "datetime64[D]")
    return np.isin(days, dates).astype(np.float32)
