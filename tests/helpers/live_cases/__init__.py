"""Runs of every job as streams: a sequence to push, and what the run gives for it offline."""

from collections.abc import Callable
from pathlib import Path

from live_cases.case import Case
from live_cases.forecasts import forecast, forecast_by_segments, forecast_by_steps
from live_cases.generating import audio, music, text, text_of_a_mixture, text_of_bytes
from live_cases.labelled import (
    classify,
    classify_by_attention,
    classify_by_the_last_step,
    detect,
    detect_late_in_strides,
    detect_sensors,
    detect_with_overlap,
    detect_without_convolutions,
    transcribe,
    transcribe_greedily_in_strides,
)
from live_cases.mapping import map_of_sound, map_of_values, map_with_look_ahead

MAKERS: list[Callable[[Path], Case]] = [
    detect,
    detect_late_in_strides,
    detect_without_convolutions,
    detect_sensors,
    detect_with_overlap,
    classify,
    classify_by_attention,
    classify_by_the_last_step,
    transcribe,
    transcribe_greedily_in_strides,
    forecast,
    forecast_by_steps,
    forecast_by_segments,
    text,
    text_of_bytes,
    text_of_a_mixture,
    music,
    audio,
    map_of_values,
    map_of_sound,
    map_with_look_ahead,
]
