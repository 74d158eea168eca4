"""How generated sound moves away from real sound as it goes on: distances, detectors of collapse, survival."""

from echoic.metrics.drift.controls import CONTROLS as CONTROLS
from echoic.metrics.drift.detectors import DEAD_S as DEAD_S
from echoic.metrics.drift.detectors import Death as Death
from echoic.metrics.drift.detectors import find_death as find_death
from echoic.metrics.drift.features import WINDOW_S as WINDOW_S
from echoic.metrics.drift.features import Features as Features
from echoic.metrics.drift.known import KnownSound as KnownSound
from echoic.metrics.drift.measure import LEAST_STREAM_WINDOWS as LEAST_STREAM_WINDOWS
from echoic.metrics.drift.measure import LEAST_WINDOWS as LEAST_WINDOWS
from echoic.metrics.drift.measure import Drift as Drift
from echoic.metrics.drift.measure import Stream as Stream
from echoic.metrics.drift.measure import measure as measure
