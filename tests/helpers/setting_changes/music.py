"""Settings of the music job."""

from pathlib import Path

import mido

from setting_changes.entries import Change, Config, Entry, Idle
from setting_changes.shared import INPUTS, NO_EMA, PLAIN_STACK, STACK, TRAIN, idle_everywhere


def midi(folder: Path) -> Path:
    """Songs in MIDI files, with a pedal."""
    place = folder / "songs"
    place.mkdir(exist_ok=True)
    for number in range(6):
        track = mido.MidiTrack()
        for beat in range(24):
            track.append(mido.Message("control_change", control=64, value=127 * (beat % 2)))
            track.append(mido.Message("note_on", note=60 + (beat * (number + 1)) % 7, velocity=80))
            track.append(mido.Message("note_off", note=60 + (beat * (number + 1)) % 7, time=240))
            track.append(mido.Message("control_change", control=64, value=127 * (beat % 2), time=240))
        file = mido.MidiFile(ticks_per_beat=480)
        file.tracks.append(track)
        file.save(place / f"{number}.mid")
    return place


LINES: Config = {"chord_hidden_size": None, "head_dropout": None}
"""Leaves out what only the joint head has."""

CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | {
        "grid": Change("eighth", LINES, data=midi),
        "pedal": Change(base=LINES, data=midi),
        "split": Change((8, 2, 2)),
        "transpose": Change("random"),
        "pitch_range": Change("36-81"),
        "out_of_range": Change(base={"pitch_range": "55-68"}),
        "onsets": Change(True),
        "head": Change("bernoulli", LINES),
        "tbptt_steps": Change(8),
        "chord_hidden_size": Change(),
        "head_dropout": Change(),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {"head_dropout": 0.0, "chord_hidden_size": 16, "batch_size": 2}

IDLE: list[Idle] = [
    *idle_everywhere("music"),
    Idle("music", "pedal", False),
    Idle("music", "onsets", True, LINES | {"head": "categorical"}),
    *(Idle("music", "chord_hidden_size", 9, LINES | {"head": head}) for head in ("bernoulli", "categorical")),
    *(Idle("music", "head_dropout", 0.2, LINES | {"head": head}) for head in ("bernoulli", "categorical")),
]
