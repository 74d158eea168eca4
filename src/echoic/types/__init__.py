"""Data types shared by all packages: series, their time base, and songs as notes; without torch."""

from echoic.types.annotations import Annotations as Annotations
from echoic.types.annotations import Event as Event
from echoic.types.annotations import MusicInfo as MusicInfo
from echoic.types.series import Covariates as Covariates
from echoic.types.series import Floats as Floats
from echoic.types.series import Json as Json
from echoic.types.series import Series as Series
from echoic.types.series import TimedRows as TimedRows
from echoic.types.series import Values as Values
from echoic.types.series import music_info as music_info
from echoic.types.series import sampling_rate as sampling_rate
