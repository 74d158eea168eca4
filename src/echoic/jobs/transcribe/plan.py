"""Defaults of training by the number of recordings and the density of their texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from echoic.codecs import Units
from echoic.config import TranscribeSettings
from echoic.config.transcribe import BY_KIND, CONVOLUTIONS
from echoic.heads.ctc import steps_required
from echoic.sources.morse import Morse
from echoic.types import Series

_STEPS_PER_UNIT, _DENSE = 2.0, 0.95
"""Steps of the network per unit that a default stride leaves at least, in this share of the training recordings."""

_MAX_STRIDE = 4
_FEW = 1000
"""Recordings below which batches are half as large."""


_MARGIN_HZ, _BAND_HZ, _MAX_BANDS = 50.0, 15.0, 96
"""Morse code: what the bands have below and above its pitches, their distance, and how many there are at most."""


def plan(settings: TranscribeSettings, training: Sequence[Series], units: Units, origin: str) -> TranscribeSettings:
    """The settings with those that were not given chosen for the `training` recordings of the data `origin`."""
    given, is_morse = settings.given(), origin.startswith("synth:morse")
    chosen: dict[str, Any] = {"batch_size": 8 if len(training) < _FEW else 16}
    chosen |= BY_KIND["morse" if is_morse else "other"]
    if is_morse:
        chosen |= _bands(Morse.parse(origin))
    if "conv_channels" in given and not settings.encoder.conv_channels:
        chosen = {name: value for name, value in chosen.items() if name not in CONVOLUTIONS}
    elif not is_morse:
        chosen["conv_stride"] = _stride(settings, training, units)
    return settings.replaced(**{name: value for name, value in chosen.items() if name not in given})


def _bands(morse: Morse) -> dict[str, Any]:
    """Narrow bands around the pitches."""
    low_hz, high_hz = morse.min_hz - _MARGIN_HZ, morse.max_hz + _MARGIN_HZ
    return {"low_hz": low_hz, "high_hz": high_hz, "n_mels": min(_MAX_BANDS, round((high_hz - low_hz) / _BAND_HZ) - 1)}


def _stride(settings: TranscribeSettings, training: Sequence[Series], units: Units) -> int:
    """As large as leaves nearly every text enough steps."""
    per_s = [
        steps_required(units.encode(one.annotations.text or "")) * (one.annotations.rate_hz or 1) / one.steps
        for one in training
    ]
    dense = max(float(np.quantile(per_s, _DENSE)), 1e-9)
    return max(1, min(_MAX_STRIDE, int(1000 / settings.spectrum.hop_ms / dense / _STEPS_PER_UNIT)))
