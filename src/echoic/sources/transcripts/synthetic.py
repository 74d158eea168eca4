"""`synth:morse`: synthetic recordings with their texts."""

import hashlib
import json
from dataclasses import replace

from echoic.config import TranscriptDataSettings
from echoic.config.base import suggestion
from echoic.errors import DataError
from echoic.sources.base import Dataset
from echoic.sources.morse import RATE_HZ, Morse, clip
from echoic.sources.transcripts.dataset import transcripts_dataset
from echoic.types import Annotations, Series

PREFIX = "synth:"


def read(data: str, settings: TranscriptDataSettings) -> Dataset:
    """Generates `synth:morse` or `synth:morse,key=value,...`.

    Raises:
        DataError: there is no such signal or parameter, or a value is not allowed.
    """
    text = data.removeprefix(PREFIX)
    name = text.partition(",")[0]
    if name != "morse":
        raise DataError(f"{PREFIX} there is no recording {name!r}{suggestion(name, ['morse']) or '; there is morse.'}")
    if settings.rate_hz not in {None, RATE_HZ}:
        raise DataError(f"{data} has {RATE_HZ:,} samples per second; leave --rate-hz out.")
    morse = Morse.parse(text)
    recordings = [_recording(morse, number) for number in range(morse.clips)]
    dataset = transcripts_dataset(recordings, data)
    resolved = json.dumps([name, morse.to_json()], sort_keys=True)
    return replace(dataset, fingerprint=hashlib.sha256(resolved.encode()).hexdigest())


def _recording(morse: Morse, number: int) -> Series:
    keyed = clip(morse, number)
    annotations = Annotations(rate_hz=RATE_HZ, text=keyed.text)
    name = f"morse {number}"
    return Series(
        name, keyed.sound[:, None], ("sample",), origin=f"synth:morse, clip {number}", annotations=annotations
    )
