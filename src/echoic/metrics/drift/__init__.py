"""How generated sound moves away from real sound as it goes on: distances, detectors of collapse, survival."""

from echoic.metrics.drift.controls import CONTROLS as CONTROLS
from echoic.metrics.drift.detectors import COLLAPSE_S as COLLAPSE_S
from echoic.metrics.drift.detectors import Collapse as Collapse
from echoic.metrics.drift.detectors import detect_collapse as detect_collapse
from echoic.metrics.drift.features import WINDOW_S as WINDOW_S
from echoic.metrics.drift.features import Features as Features
from echoic.metrics.drift.measure import MIN_STREAM_WINDOWS as MIN_STREAM_WINDOWS
from echoic.metrics.drift.measure import MIN_WINDOWS as MIN_WINDOWS
from echoic.metrics.drift.measure import Drift as Drift
from echoic.metrics.drift.measure import StreamWindows as StreamWindows
from echoic.metrics.drift.measure import measure_drift as measure_drift
from echoic.metrics.drift.memorization import RecordingIndex as RecordingIndex
