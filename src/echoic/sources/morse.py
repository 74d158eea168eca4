"""Seeded synthetic Morse code: random words, keyed at a varying speed on a tone that fades in noise."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, final

import numpy as np

from echoic.config.base import suggestion
from echoic.errors import DataError
from echoic.types import Floats

RATE_HZ = 8000
"""Samples per second: the band of the noise is 4 kHz."""

CODES: Mapping[str, str] = {
    "a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--.", "h": "....", "i": "..",
    "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-.", "o": "---", "p": ".--.", "q": "--.-", "r": ".-.",
    "s": "...", "t": "-", "u": "..-", "v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--..", "0": "-----",
    "1": ".----", "2": "..---", "3": "...--", "4": "....-", "5": ".....", "6": "-....", "7": "--...", "8": "---..",
    "9": "----.",
}  # fmt: skip
"""The letters and digits of the international Morse code."""

DOTS_PER_WORD = 50
"""Length of the reference word PARIS and the gap after it."""

_LETTER_GAP, _WORD_GAP = 3, 7
_DIGIT_SHARE = 0.15
_LONGEST_WORD = 6
_RISE_S = 0.005
_RMS = 0.1
_LEAD_S = (0.1, 0.6)
_FADING_STEP_S = 0.02
_NOISINESS = 2
"""The power of an even number from 0 to 1 that says where in its range the ratio of tone and noise is."""


@final
@dataclass(frozen=True)
class Morse:
    """What is generated.

    Args:
        clips: number of recordings.
        seconds: length of the longest; lengths are even between one letter and that.
        min_wpm, max_wpm: range of speeds, in words per minute (PARIS), one for each clip.
        min_hz, max_hz: range of pitches.
        min_snr_db, max_snr_db: range of the ratio of tone and noise, the tone while it is keyed and the noise over the
            band of 4 kHz; low ones are more frequent, since they are harder.
        fading_db: most that the tone rises and falls slowly, in dB.
        jitter: most that the length of a dot, dash or gap deviates, as a fraction of a dot (one standard deviation).
        seed: of all random numbers.
    """

    clips: int = 15_000
    seconds: float = 4.0
    min_wpm: float = 15.0
    max_wpm: float = 40.0
    min_hz: float = 500.0
    max_hz: float = 900.0
    min_snr_db: float = -14.0
    max_snr_db: float = 20.0
    fading_db: float = 6.0
    jitter: float = 0.15
    seed: int = 0

    @classmethod
    def parse(cls, text: str) -> "Morse":
        """`morse` or `morse,key=value,...`.

        Raises:
            DataError: there is no such parameter, or its value is not allowed.
        """
        _, *pairs = text.split(",")
        kinds: dict[str, Any] = {one.name: int if isinstance(one.default, int) else float for one in fields(cls)}
        given = dict[str, Any]()
        for pair in pairs:
            key, equals, value = (part.strip() for part in pair.partition("="))
            if key not in kinds or not equals:
                hint = suggestion(key, kinds) or f"; it takes {', '.join(kinds)}, such as clips=500."
                raise DataError(f"synth:morse: there is no parameter {key!r}{hint}")
            try:
                given[key] = kinds[key](value)
            except ValueError:
                raise DataError(f"synth:morse: `{key}` must be a number, got {value!r}.") from None
        return cls(**given).checked()

    def checked(self) -> "Morse":
        """The parameters themselves.

        Raises:
            DataError: one is out of range.
        """
        ranges = {
            "clips": (1, 100_000), "seconds": (1, 600), "min_wpm": (5, 100), "max_wpm": (self.min_wpm, 100),
            "min_hz": (100, 3500), "max_hz": (self.min_hz, 3500), "min_snr_db": (-40, 100),
            "max_snr_db": (self.min_snr_db, 100), "fading_db": (0, 60), "jitter": (0, 0.5), "seed": (0, 2**63 - 1),
        }  # fmt: skip
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise DataError(f"synth:morse: `{name}` must be from {least:g} to {most:g}, got {value:g}.")
        return self

    def to_json(self) -> dict[str, Any]:
        """The parameters as plain JSON values."""
        return asdict(self)


class Keyed(NamedTuple):
    """A recording, and what it was made of.

    Attributes:
        sound: the recording `(samples,)`.
        text: what is keyed.
        end_s: the second at which each character is complete.
        dot_s: the length of a dot without jitter, in seconds.
        tone: what the sound would be with the key always down and without noise `(samples,)`.
        noise_std: the standard deviation of the noise.
    """

    sound: Floats
    text: str
    end_s: tuple[float, ...]
    dot_s: float
    tone: Floats
    noise_std: float


def clip(morse: Morse, number: int) -> Keyed:
    """Recording `number`, which depends on no other."""
    draws = np.random.default_rng([morse.seed, number])
    dot_s = 60 / DOTS_PER_WORD / draws.uniform(morse.min_wpm, morse.max_wpm)
    text = _words(draws, max(0.0, morse.seconds - 2 * _LEAD_S[1]) * draws.random(), dot_s)
    begins, ends, complete = _marks(draws, text, dot_s, morse.jitter)
    samples = round((ends[-1] + draws.uniform(*_LEAD_S)) * RATE_HZ)
    envelope = _envelope(begins, ends, samples)
    time_s = np.arange(samples, dtype=np.float32) / np.float32(RATE_HZ)
    pitch_hz, phase = np.float32(draws.uniform(morse.min_hz, morse.max_hz)), np.float32(draws.random())
    carrier = np.sin(np.float32(2 * np.pi) * (pitch_hz * time_s + phase))
    fading = _fading(draws, time_s, morse.fading_db)
    snr_db = morse.min_snr_db + (morse.max_snr_db - morse.min_snr_db) * draws.random() ** _NOISINESS
    # A tone of amplitude 1 has a power of one half.
    noise_std = np.float32(np.sqrt(0.5 * 10 ** (-snr_db / 10)))
    mixed = envelope * carrier * fading + draws.standard_normal(samples, np.float32) * noise_std
    level = np.float32(_RMS * 10 ** (draws.uniform(-6, 6) / 20) / np.sqrt(np.mean(mixed**2)))
    return Keyed(mixed * level, text, complete, dot_s, carrier * fading * level, float(noise_std * level))


def _words(draws: np.random.Generator, seconds: float, dot_s: float) -> str:
    """Random words that take no longer than `seconds`, or a single letter."""
    words, room = list[str](), seconds / dot_s
    while True:
        letters = [_letter(draws) for _ in range(int(draws.integers(1, _LONGEST_WORD + 1)))]
        while letters and _dots("".join(letters)) > room:
            letters.pop()
        if not letters:
            return " ".join(words) or _letter(draws)
        words.append("".join(letters))
        room -= _dots(words[-1]) + _WORD_GAP


def _letter(draws: np.random.Generator) -> str:
    names = list(CODES)
    first, last = (26, len(names)) if draws.random() < _DIGIT_SHARE else (0, 26)
    return names[int(draws.integers(first, last))]


def _dots(text: str) -> int:
    """The length of a text in dots."""
    return sum(length for length, _, _ in _elements(text))


def _elements(text: str) -> list[tuple[int, bool, bool]]:
    """The marks and gaps of a text: length in dots, whether the key is down, and whether a letter is complete."""
    found = list[tuple[int, bool, bool]]()
    for place, word in enumerate(text.split(" ")):
        if place:
            found.append((_WORD_GAP, False, False))
        for number, letter in enumerate(word):
            if number:
                found.append((_LETTER_GAP, False, False))
            code = CODES[letter]
            for at, mark in enumerate(code):
                if at:
                    found.append((1, False, False))
                found.append((3 if mark == "-" else 1, True, at == len(code) - 1))
    return found


def _marks(
    draws: np.random.Generator, text: str, dot_s: float, jitter: float
) -> tuple[list[float], list[float], tuple[float, ...]]:
    """The times at which the key goes down and up, and at which each character is complete (a space with its gap)."""
    time_s = draws.uniform(*_LEAD_S)
    begins, ends, complete = list[float](), list[float](), list[float]()
    deviation = draws.uniform(0, jitter)
    for dots, is_down, is_last in _elements(text):
        length_s = dot_s * max(0.5 * dots, dots + deviation * np.sqrt(dots) * draws.standard_normal())
        if is_down:
            begins.append(time_s)
            ends.append(time_s + length_s)
        time_s += length_s
        if is_last or dots == _WORD_GAP:
            complete.append(time_s)
    return begins, ends, tuple(complete)


def _envelope(begins: list[float], ends: list[float], samples: int) -> Floats:
    """The amplitude of a key that goes down and up softly, without clicks."""
    envelope = np.zeros(samples, np.float32)
    rise = max(1, round(_RISE_S * RATE_HZ))
    ramp = np.sin(np.linspace(0, np.pi / 2, rise)) ** 2
    for begin_s, end_s in zip(begins, ends, strict=True):
        begin, end = round(begin_s * RATE_HZ), min(samples, round(end_s * RATE_HZ))
        mark = np.ones(end - begin)
        size = min(rise, len(mark) // 2)
        mark[:size], mark[len(mark) - size :] = ramp[:size], ramp[:size][::-1]
        envelope[begin:end] = mark
    return envelope


def _fading(draws: np.random.Generator, time_s: Floats, most_db: float) -> Floats:
    """A slow rise and fall of the amplitude, of mean power 1."""
    depth_db, rate_hz, phase = draws.uniform(0, most_db), draws.uniform(0.1, 0.8), draws.random()
    places = np.arange(0, time_s[-1] + _FADING_STEP_S, _FADING_STEP_S)
    gain = 10 ** (0.5 * depth_db * np.sin(2 * np.pi * (rate_hz * places + phase)) / 20)
    return np.asarray(np.interp(time_s, places, gain / np.sqrt(np.mean(gain**2))), np.float32)
