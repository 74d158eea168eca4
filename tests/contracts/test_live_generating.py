"""The contract of the streams that go on: in pieces as at once, and as many futures as one likes from one state."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from live_cases.case import Case
from live_cases.generating import audio, music, text, text_of_a_mixture, text_of_bytes
from narrowing import expect_type

from echoic.config.music import MusicRequest
from echoic.errors import ConfigError
from echoic.jobs.music.compose import continue_song
from echoic.jobs.music.task import rolls_of
from echoic.streams.live import GeneratingStream


def generated(case: Case, lengths: list[int], seed: int) -> Any:
    """What follows the data, in pieces, with the state as bytes in between."""
    stream = expect_type(GeneratingStream, case.stream)
    _, state = stream.push(case.data, stream.start(seed))
    made = []
    for length in lengths:
        piece, state = stream.generate(length, stream.from_bytes(stream.to_bytes(state)))
        made.append(piece)
    return "".join(made) if isinstance(made[0], str) else np.concatenate(made)


@pytest.mark.parametrize("make", [text, text_of_bytes, text_of_a_mixture, music, audio])
def test_going_on_in_pieces_is_generate_after_the_prime(make: Callable[[Path], Case], tmp_path: Path) -> None:
    case = make(tmp_path)
    if make is music:
        song = case.run.fitted.task.songs("train")[0]
        case = case._replace(data=rolls_of([song])[0])
        request = MusicRequest(length=24, seed=3)
        whole: Any = continue_song(case.run.fitted, request, song, lambda _: None).roll
    elif make is audio:
        case = case._replace(data=case.data[:600])  # whole frames
        soundfile.write(tmp_path / "prime.wav", case.data, 2000, "FLOAT")
        whole = case.run.generate("24samples", prime=tmp_path / "prime.wav", seed=3).samples[0]
    else:
        whole = case.run.generate(24, prime=case.data, seed=3)
    assert np.array_equal(generated(case, [24], 3), whole)
    assert np.array_equal(generated(case, [1, 13, 10], 3), whole)
    assert not np.array_equal(generated(case, [24], 4), whole)


@pytest.mark.parametrize("make", [text, music, audio])
def test_two_futures_from_one_state(make: Callable[[Path], Case], tmp_path: Path) -> None:
    stream = expect_type(GeneratingStream, make(tmp_path).stream)
    state = stream.start()
    one, two, again = (stream.generate(60, stream.reseeded(state, seed), temperature=3.0)[0] for seed in (1, 2, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)
    with pytest.raises(ConfigError, match=r"A stream's `generate` has no option `seed`; it has temperature, "):
        stream.generate(3, state, seed=3)
    with pytest.raises(ConfigError, match=r"from 1 on, got 0"):
        stream.generate(0, state)
