"""Drift of generated sound from real sound over time: distances, collapse detectors, survival."""

from echoic.drift.controls import CONTROLS as CONTROLS
from echoic.drift.detectors import COLLAPSE_S as COLLAPSE_S
from echoic.drift.detectors import Collapse as Collapse
from echoic.drift.detectors import detect_collapse as detect_collapse
from echoic.drift.features import WINDOW_S as WINDOW_S
from echoic.drift.features import Features as Features
from echoic.drift.measure import MIN_STREAM_WINDOWS as MIN_STREAM_WINDOWS
from echoic.drift.measure import MIN_WINDOWS as MIN_WINDOWS
from echoic.drift.measure import Drift as Drift
from echoic.drift.measure import StreamWindows as StreamWindows
from echoic.drift.measure import measure_windows as measure_windows
from echoic.drift.memorization import RecordingIndex as RecordingIndex
