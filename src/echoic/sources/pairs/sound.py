"""Pairs of sound files: those that go in, and those to predict, under the same names."""

from pathlib import Path
from typing import Any, NamedTuple

from echoic.config.audio import AudioDataSettings
from echoic.config.map import MapDataSettings
from echoic.errors import ConfigError, DataError
from echoic.sources.audio import ENDINGS, named_files
from echoic.sources.audio.decoding import DecodedSound, decode_file
from echoic.sources.base import Dataset
from echoic.sources.examples import Examples
from echoic.sources.pairs import ReadPairs, with_dev_and_test
from echoic.sources.pairs.joining import Joined, Signal, join
from echoic.sources.usable import usable
from echoic.types import Annotations

INPUT, TARGET = "input", "target"
"""Names of the two signals."""

_MIN_RATE_HZ, _MAX_RATE_HZ = 1000, 384_000


class _Pair(NamedTuple):
    """The files of a pair, and its name."""

    name: str
    dry: Path
    wet: Path


def read(data: Any, settings: MapDataSettings) -> Dataset:
    """Every pair of files as a series at the rate of the settings, or of the first file.

    Raises:
        DataError: a file is missing, damaged or no sound, or has no partner.
        ConfigError: `targets` does not name a place, or a setting does not fit sound.
    """
    return with_dev_and_test(data, settings, read_pairs)


def read_pairs(place: Path, settings: MapDataSettings) -> ReadPairs:
    """The pairs of a file or a folder with those of `targets`."""
    targets = target_place(settings, place)
    pairs, alone = _pairs(place, targets)
    rates_hz = [sound_rate_hz(settings)]

    def decoded(pair: _Pair) -> Joined:
        joined, rate_hz = _joined(pair, settings, rates_hz[-1])
        rates_hz.append(rate_hz)
        return joined

    found, skipped = usable(pairs, decoded, settings.on_error, origin=str(place), kind="pairs of sound files")
    notes = [note for one in found for note in one.notes]
    if alone:
        notes.append(f"Without a partner in {targets}, left out: {Examples.of(alone).as_text('file')}.")
    return ReadPairs([one.series for one in found], tuple(dict.fromkeys(notes)), skipped)


def target_place(settings: MapDataSettings, place: Path) -> Path:
    """The file or the folder of the sound to predict: in the working folder, or beside `place`, where it goes in.

    Raises:
        ConfigError: there is none.
    """
    if not settings.targets:
        raise ConfigError("`targets` is missing: name the file or folder with the sound to predict, as --targets wet/.")
    targets = Path(",".join(settings.targets))
    return targets.absolute() if targets.exists() else place.absolute().parent / targets


def sound_rate_hz(settings: MapDataSettings) -> int | None:
    """The rate of sound in the settings.

    Raises:
        ConfigError: it is none of sound.
    """
    rate_hz = settings.rate_hz
    if rate_hz is None:
        return None
    if not _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ or rate_hz != round(rate_hz):
        raise ConfigError(
            f"`rate_hz` of sound must be a whole number from {_MIN_RATE_HZ} to {_MAX_RATE_HZ}, got {rate_hz:g}."
        )
    return round(rate_hz)


def as_audio(settings: MapDataSettings) -> AudioDataSettings:
    """The settings of sound that goes in."""
    return AudioDataSettings(channel=settings.channel, on_error=settings.on_error)


def _pairs(place: Path, targets: Path) -> tuple[list[_Pair], list[str]]:
    """The files of `place` with their partners, and the names of those without one.

    Raises:
        DataError: a place is missing, or no file has a partner.
    """
    if not place.exists():
        raise DataError(f"{place}: no such file or folder; check the name.")
    if not targets.exists():
        raise DataError(f"{targets}: no such file or folder with the targets of {place}; check the name.")
    if place.is_file() and targets.is_file():
        return [_Pair(place.name, place, targets)], []
    if targets.is_file():
        raise DataError(f"{targets} is a file, but {place} is a folder; give two folders or two files.")
    partners = {_stem(name): path for name, path in named_files([targets])}
    files = named_files([place])
    found = [_Pair(name, path, partners[_stem(name)]) for name, path in files if _stem(name) in partners]
    if not found:
        raise DataError(
            f"{place}: no file has a partner of the same name in {targets}, such as {files[0][0]}; name the files of "
            "both alike."
        )
    names = {_stem(pair.name) for pair in found}
    return found, [name for name, _ in files if _stem(name) not in names]


def _stem(name: str) -> str:
    """A name without its ending, which may differ."""
    return str(Path(name).with_suffix("")) if name.lower().endswith(tuple(ENDINGS)) else name


def _joined(pair: _Pair, settings: MapDataSettings, rate_hz: int | None) -> tuple[Joined, int]:
    """A pair as a series, and its rate: the given one, or the higher one of the pair."""
    audio = as_audio(settings)
    dry, wet = (decode_file(path, audio, None) for path in (pair.dry, pair.wet))
    if rate_hz is None and not _divides(wet.rate_hz, dry.rate_hz):
        raise DataError(
            f"{pair.wet} has {wet.rate_hz:,} samples per second and {pair.dry} {dry.rate_hz:,}, and neither rate "
            "divides the other; resample both with --rate-hz."
        )
    own_hz = rate_hz or max(dry.rate_hz, wet.rate_hz)
    if dry.rate_hz != own_hz:
        dry = decode_file(pair.dry, audio, own_hz)
    if own_hz % wet.rate_hz:
        wet = decode_file(pair.wet, audio, own_hz)
    annotations = Annotations(rate_hz=own_hz, sound=dry.origin)
    signals = (_signal(dry, INPUT, pair.dry), _signal(wet, TARGET, pair.wet))
    return join(pair.name, *signals, annotations, own_hz // wet.rate_hz), own_hz


def _divides(one: int, other: int) -> bool:
    return max(one, other) % min(one, other) == 0


def _signal(sound: DecodedSound, name: str, path: Path) -> Signal:
    return Signal(sound.samples[:, None], (name,), str(path))


def folders_in(place: Path, targets: str) -> tuple[Path, Path] | None:
    """The folder of sound that goes in and that of its targets, which has the name `targets`; None without them."""
    folders = [one for one in place.iterdir() if one.is_dir()] if place.is_dir() else []
    wet = [one for one in folders if one.name == targets]
    dry = [one for one in folders if one.name != targets]
    return (dry[0], wet[0]) if len(dry) == len(wet) == 1 else None
