"""Clips between pauses in a sound that comes in chunks."""

import numpy as np
import pytest

from echoic.labelled.segmenter import MARGIN_S, Piece, Segmenter, trimmed

RATE_HZ = 8000


def words(level_db: float, lengths_s: list[float], pause_s: float, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    """Bursts at -15 dB of full scale in noise of `level_db`, and the samples at which they begin."""
    draws = np.random.default_rng(seed)
    begins, parts = [], [np.zeros(RATE_HZ)]
    for length_s in lengths_s:
        begins.append(sum(map(len, parts)))
        tone = np.sin(np.arange(int(length_s * RATE_HZ)) * 0.6)
        parts += [10 ** (-15 / 20) * np.sqrt(2) * tone, np.zeros(int(pause_s * RATE_HZ))]
    sound = np.concatenate(parts)
    return (sound + 10 ** (level_db / 20) * draws.standard_normal(len(sound))).astype(np.float32), begins


def clips(segmenter: Segmenter, sound: np.ndarray, size: int) -> list[tuple[int, np.ndarray]]:
    """The begin and the samples of each clip."""
    state, pieces = segmenter.start(), list[Piece]()
    for at in range(0, len(sound), size):
        some, state = segmenter.push(sound[at : at + size], state)
        pieces += some
    found, together = [], list[np.ndarray]()
    for piece in [*pieces, *segmenter.finish(state)]:
        together.append(piece.samples)
        if piece.is_end:
            found.append((piece.begin, np.concatenate(together)))
            together = []
    assert not together
    return found


@pytest.mark.parametrize("level_db", [-90, -60, -45])
def test_words_are_found_with_a_margin(level_db: float) -> None:
    lengths_s = [0.3, 0.12, 0.5, 0.2]
    sound, begins = words(level_db, lengths_s, 0.6)
    found = clips(Segmenter(RATE_HZ, 0.3), sound, 160)
    margin, block = round(MARGIN_S * RATE_HZ), RATE_HZ // 100
    assert len(found) == len(begins)
    for (begin, samples), expected, length_s in zip(found, begins, lengths_s, strict=True):
        assert abs(begin + margin - expected) <= block
        assert abs(len(samples) - 2 * margin - length_s * RATE_HZ) <= 2 * block
        np.testing.assert_array_equal(samples, sound[begin : begin + len(samples)])


@pytest.mark.parametrize("size", [1, 7, 160, 100_000])
def test_chunks_do_not_matter(size: int) -> None:
    sound, _ = words(-60, [0.2, 0.3], 0.5)
    for one, other in zip(
        clips(Segmenter(RATE_HZ, 0.3), sound, size), clips(Segmenter(RATE_HZ, 0.3), sound, 997), strict=True
    ):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])


def test_a_pause_that_is_too_short_belongs_to_the_clip() -> None:
    sound, begins = words(-70, [0.2, 0.2], 0.25)
    assert len(clips(Segmenter(RATE_HZ, 0.2), sound, 160)) == len(begins)
    ((_, samples),) = clips(Segmenter(RATE_HZ, 0.3), sound, 160)
    assert len(samples) > 0.65 * RATE_HZ


def test_constant_noise_becomes_the_background() -> None:
    noise = 0.03 * np.random.default_rng(0).standard_normal(60 * RATE_HZ).astype(np.float32)
    (first, *others) = clips(Segmenter(RATE_HZ, 0.3), noise, 800)
    assert len(first[1]) < 15 * RATE_HZ
    assert not others


def test_silence_has_no_clip() -> None:
    assert not clips(Segmenter(RATE_HZ, 0.3), np.zeros(5 * RATE_HZ, np.float32), 160)


@pytest.mark.parametrize("level_db", [-90, -60, -45])
def test_a_trimmed_clip_is_what_a_stream_cuts_out(level_db: float) -> None:
    sound, _ = words(level_db, [0.3, 0.2], 0.5)
    (begin, expected), *more = clips(Segmenter(RATE_HZ, 2.0), sound, 160)
    assert not more
    assert begin > 0
    found = trimmed(sound, RATE_HZ)
    assert abs(len(found) - len(expected)) <= RATE_HZ // 100
    assert len(trimmed(found, RATE_HZ)) >= len(found) - 2 * MARGIN_S * RATE_HZ


def test_sound_without_silence_and_silence_stay_whole() -> None:
    draws = np.random.default_rng(0)
    for level_db in (-20, -60, -120):
        sound = (10 ** (level_db / 20) * draws.standard_normal(RATE_HZ)).astype(np.float32)
        np.testing.assert_array_equal(trimmed(sound, RATE_HZ), sound)
    for count in (0, 1, 200):
        assert len(trimmed(np.ones(count, np.float32), RATE_HZ)) == count
