"""A simple additive synthesizer to preview music."""

import io
import wave

import numpy as np
from numpy.typing import NDArray

from echoic.types.score import Song
from echoic.types.score_time import seconds_at

RATE_HZ = 22_050
_PARTIALS = ((1, 1.0), (2, 0.45), (3, 0.25), (4, 0.12), (5, 0.06))
_DECAY_S = 0.9
_ATTACK_S, _RELEASE_S = 0.005, 0.06
_PEAK = 0.8


def wav_bytes(song: Song) -> bytes:
    """The song as a 16-bit mono WAV: a few decaying sine partials per note, without drums."""
    samples = (_PEAK * 32767 * _mix(song)).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _mix(song: Song) -> NDArray[np.float64]:
    """The mix of all notes, normalized to a peak of 1."""
    onsets, ends = (
        seconds_at(song.tempos, np.array(beats)).tolist()
        for beats in (
            [note.onset_beats for note in song.notes],
            [note.onset_beats + note.duration_beats for note in song.notes],
        )
    )
    times = list(zip(onsets, ends, strict=True))
    total = np.zeros(int((max((end for _, end in times), default=0.0) + _RELEASE_S) * RATE_HZ) + 1)
    for note, (begin, end) in zip(song.notes, times, strict=True):
        sound = _tone(440.0 * 2 ** ((note.pitch - 69) / 12), end - begin) * note.velocity / 127
        first = int(begin * RATE_HZ)
        total[first : first + len(sound)] += sound[: len(total) - first]
    loudest = np.abs(total).max()
    return total / loudest if loudest > 0 else total


def _tone(pitch_hz: float, held_s: float) -> NDArray[np.float64]:
    t = np.arange(int((held_s + _RELEASE_S) * RATE_HZ)) / RATE_HZ
    partials = [(number, amplitude) for number, amplitude in _PARTIALS if number * pitch_hz < RATE_HZ / 2]
    wave_sum = sum(
        amplitude * np.sin(2 * np.pi * number * pitch_hz * t) * np.exp(-t * number / _DECAY_S)
        for number, amplitude in partials
    )
    envelope = np.minimum(t / _ATTACK_S, 1) * np.clip((held_s + _RELEASE_S - t) / _RELEASE_S, 0, 1)
    return np.asarray(wave_sum * envelope)
