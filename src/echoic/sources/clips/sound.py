"""The sound of clips: whole files or excerpts, at one rate."""

from dataclasses import replace
from pathlib import Path

from echoic.config.audio import AudioDataSettings, SoundSourceSettings
from echoic.errors import DataError
from echoic.sources.audio.decoding import DecodedSound, decode_file
from echoic.types import Annotations, Series


class ClipReader:
    """Reads sound files at one rate: that of the settings, or of the first file.

    The last file is cached, since tables often have many excerpts of one file.
    """

    def __init__(self, settings: SoundSourceSettings) -> None:
        self.settings = AudioDataSettings(rate_hz=settings.rate_hz, channel=settings.channel)
        self.rate_hz = settings.rate_hz
        self._last: tuple[Path, DecodedSound] | None = None

    def clip(
        self, path: Path, name: str, annotations: Annotations, begin_s: float = 0.0, end_s: float | None = None
    ) -> Series:
        """A clip of a file, from `begin_s` to `end_s`.

        Raises:
            DataError: the file cannot be read, or the excerpt does not lie within it.
        """
        if self._last is None or self._last[0] != path:
            self._last = path, decode_file(path, self.settings, self.rate_hz)
        sound = self._last[1]
        self.rate_hz = sound.rate_hz
        length_s = len(sound.samples) / sound.rate_hz
        end_s = length_s if end_s is None else end_s
        # A tolerance of half a sample, since times in tables are rounded.
        if not 0 <= begin_s < end_s <= length_s + 0.5 / sound.rate_hz:
            raise DataError(f"{begin_s:g} s to {end_s:g} s is outside of {path.name}, which has {length_s:.3f} s")
        samples = sound.samples[round(begin_s * sound.rate_hz) : round(end_s * sound.rate_hz)]
        if not len(samples):
            raise DataError(f"{path.name} has no sample from {begin_s:g} s to {end_s:g} s")
        return Series(
            name,
            samples[:, None],
            ("sample",),
            origin=str(path),
            annotations=replace(annotations, rate_hz=sound.rate_hz, sound=sound.origin),
        )
