"""Names of the steps of a grid."""

import pytest

from echoic.config import MusicDataSettings, MusicSettings
from echoic.config.grids import grid_step
from echoic.errors import ConfigError


@pytest.mark.parametrize(
    ("names", "beats"),
    [
        (("whole", "1/1"), 4),
        (("quarter", "1/4", "4th", "crotchet", "1q", "1 beat", "Quarters"), 1),
        (("eighth", "1/8", "0.5q", "0.5 quarter notes", "quaver"), 1 / 2),
        (("sixteenth", "1/16", "16th", ".25 beats", "1/4 quarters", "semiquaver"), 1 / 4),
        (("thirty-second", "1/32", "32nd", "thirty_second"), 1 / 8),
        (("triplet", "1/8T", "1/8t", "1/12", "eighth-triplet", "eighth triplets", "1/3q"), 1 / 3),
        (("1/16T", "sixteenth-triplet", "16th triplet", "1/24"), 1 / 6),
        (("3/16",), 3 / 4),
    ],
)
def test_note_values_have_the_names_that_musicians_write(names: tuple[str, ...], beats: float) -> None:
    for name in names:
        step = grid_step(name)
        assert step.seconds is None, name
        assert step.beats == pytest.approx(beats), name


@pytest.mark.parametrize(("name", "seconds"), [("0.1s", 0.1), ("100ms", 0.1), ("100 ms", 0.1), ("12 seconds", 12.0)])
def test_times_have_a_unit(name: str, seconds: float) -> None:
    step = grid_step(name)
    assert step.beats is None
    assert step.seconds == pytest.approx(seconds)


@pytest.mark.parametrize("number", ["12", "0.1", 12, 0.25])
def test_a_number_without_a_unit_is_refused_with_its_units(number: object) -> None:
    with pytest.raises(ConfigError, match=rf"`data.grid` must say the unit of {number}: {number}s for seconds, "):
        MusicSettings.build({"grid": number})


@pytest.mark.parametrize("name", ["", "x", "1/0", "T", "note", "16T", "1/2/3", "-1s", "1e-3s", "nan"])
def test_other_words_are_refused_with_examples(name: str) -> None:
    with pytest.raises(ConfigError, match="must be the duration of a step, such as quarter"):
        MusicSettings.build({"grid": name})


@pytest.mark.parametrize("name", ["1/1000", "5/1", "0.1ms", "2000s", "100q"])
def test_steps_that_are_too_short_or_too_long_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"must be [0-9/]+ to \d+ (seconds|quarter notes) long"):
        MusicSettings.build({"grid": name})


def test_the_name_stays_as_it_was_written() -> None:
    assert MusicDataSettings(grid=" 1/16T ").grid == "1/16T"
