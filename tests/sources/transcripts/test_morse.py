"""Synthetic Morse code is what it says it is."""

from typing import Any

import numpy as np
import pytest

from echoic.config import TranscriptDataSettings
from echoic.errors import DataError
from echoic.sources import read
from echoic.sources.morse import CODES, RATE_HZ, Morse, clip

CLEAN: dict[str, Any] = {"min_snr_db": 60.0, "max_snr_db": 60.0, "fading_db": 0.0, "jitter": 0.0}


def keyed_dots(sound: np.ndarray, dot_s: float) -> str:
    """The code that the envelope of a clean recording has: marks and gaps in dots."""
    envelope = np.convolve(np.abs(sound), np.ones(40) / 40, "same")
    is_down = envelope > 0.4 * envelope.max()
    edges = np.flatnonzero(np.diff(is_down.astype(int)))
    lengths = np.diff(edges) / RATE_HZ / dot_s
    found = ""
    for number, length in enumerate(lengths):
        if number % 2 == 0:
            found += "." if length < 2 else "-"
        else:
            found += "" if length < 2 else " " if length < 5 else " / "
    return found


def code_of(text: str) -> str:
    """Dots and dashes, with a space between letters and a slash between words."""
    return " ".join("/" if letter == " " else CODES[letter] for letter in text)


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("wpm", [15.0, 40.0])
def test_a_clean_recording_has_the_code_of_its_text(number: int, wpm: float) -> None:
    keyed = clip(Morse(min_wpm=wpm, max_wpm=wpm, **CLEAN), number)
    assert keyed_dots(keyed.sound, 1.2 / wpm) == code_of(keyed.text)


def test_the_code_is_the_international_one() -> None:
    assert code_of("paris 73") == ".--. .- .-. .. ... / --... ...--"
    assert len(CODES) == 36
    assert len(set(CODES.values())) == 36


@pytest.mark.parametrize("snr_db", [-6.0, 10.0])
def test_the_noise_has_the_power_that_was_asked_for(snr_db: float) -> None:
    """The same recording without noise tells what of it is noise."""
    noisy, clean = (
        clip(Morse(seconds=30, min_snr_db=one, max_snr_db=one, fading_db=0, jitter=0), 3).sound.astype(float)
        for one in (snr_db, 100.0)
    )
    scale = (noisy @ clean) / (clean @ clean)
    noise_power, tone_power = np.mean((noisy - scale * clean) ** 2), (scale * np.abs(clean).max()) ** 2 / 2
    assert 10 * np.log10(tone_power / noise_power) == pytest.approx(snr_db, abs=0.3)


def test_characters_are_complete_when_their_last_mark_ends() -> None:
    keyed = clip(Morse(**CLEAN), 5)
    assert len(keyed.end_s) == len(keyed.text)
    assert list(keyed.end_s) == sorted(keyed.end_s)
    assert keyed.end_s[-1] < len(keyed.sound) / RATE_HZ


def test_the_seed_decides_and_clips_do_not_depend_on_each_other() -> None:
    settings = TranscriptDataSettings()
    few, more, other = (
        read(f"synth:morse,{parameters}", settings).series
        for parameters in ("clips=3", "clips=5,seed=0", "clips=3,seed=1")
    )
    assert [one.annotations.text for one in few] == [one.annotations.text for one in more[:3]]
    np.testing.assert_array_equal(few[2].values, more[2].values)
    assert [one.annotations.text for one in few] != [one.annotations.text for one in other]


def test_a_parameter_that_is_none_is_refused() -> None:
    for text, message in {
        "synth:morse,min_wmp=3": "no parameter 'min_wmp', did you mean 'min_wpm'",
        "synth:morse,clips=0": "`clips` must be from 1 to 100000, got 0",
        "synth:morse,min_snr_db=30": "`max_snr_db` must be from 30 to 100, got 20",
        "synth:mors": "no recording 'mors', did you mean 'morse'",
    }.items():
        with pytest.raises(DataError, match=message):
            read(text, TranscriptDataSettings())


def test_the_tone_is_the_sound_of_a_key_that_is_down() -> None:
    keyed = clip(Morse(min_snr_db=100, max_snr_db=100), 4)
    room = 6 * keyed.noise_std
    assert np.all(np.abs(keyed.sound) <= np.abs(keyed.tone) + room)
    is_down = np.abs(keyed.sound - keyed.tone) <= room
    assert 0.2 < np.mean(is_down) < 0.9
    # 10 ms at the beginning, before the first mark
    assert np.std(keyed.sound[:80]) == pytest.approx(keyed.noise_std, rel=0.3)
    assert 15 <= 60 / 50 / keyed.dot_s <= 40
