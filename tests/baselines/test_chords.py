"""What each pitch on its own tells."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat

from echoic.baselines.chords import Marginal, Markov, nll_per_step

SONGS = [np.array([[1, 0], [1, 1], [0, 1]]), np.array([[1, 0], [1, 0]])]


def test_marginal_counts_every_step() -> None:
    np.testing.assert_allclose(Marginal.fit(SONGS).probs[1], [(4 + 0.5) / 6, (2 + 0.5) / 6])


def test_markov_counts_successors() -> None:
    # Pitch 0: on three times before (on, off, on after); never off. Pitch 1: off twice (on, off), on once (on).
    wanted = [[0.5, (1 + 0.5) / (2 + 1)], [(2 + 0.5) / (3 + 1), (1 + 0.5) / (1 + 1)]]
    # The second song adds an off after an off to pitch 1.
    wanted[0][1] = (1 + 0.5) / (2 + 1)
    np.testing.assert_allclose(Markov.fit(SONGS).probs[:, 1], wanted)


@pytest.mark.parametrize("kind", [Marginal, Markov])
def test_the_chances_of_all_chords_add_up_to_one(kind: type[Any]) -> None:
    model = kind.fit(SONGS)
    outcomes = itertools.product([0, 1], repeat=2)
    total = sum(np.exp(-nll_per_step(model, [np.array([[1, 0], chord])])) for chord in outcomes)
    assert total == pytest.approx(1.0)


def test_onsets_and_sustained_notes_are_distinguished() -> None:
    """A note of two steps that begins again and again: after its beginning it goes on for certain."""
    songs = [np.array([[2], [1]] * 50)]
    markov = Markov.fit(songs, 3)
    assert markov.probs[2, 1, 0] == pytest.approx(50.5 / 51.5)
    assert nll_per_step(markov, songs) < 0.05
    assert Marginal.fit(songs, 3).probs[:, 0].sum() == pytest.approx(1)


def test_songs_count_by_their_steps() -> None:
    model = Marginal.fit(SONGS)
    apart = [nll_per_step(model, [song]) for song in SONGS]
    assert nll_per_step(model, SONGS) == pytest.approx((2 * apart[0] + apart[1]) / 3)


@pytest.mark.data
@pytest.mark.parametrize(("name", "wanted"), [("JSB_Chorales", [11.09, 10.49]), ("Nottingham", [10.26, 5.15])])
def test_published_floors(data_dir: Path, name: str, wanted: list[float]) -> None:
    found = loadmat(data_dir / "music_bl2012" / f"{name}.mat")
    train, test = ([song.astype(int) for song in found[part][0]] for part in ("traindata", "testdata"))
    assert [nll_per_step(kind.fit(train), test) for kind in (Marginal, Markov)] == pytest.approx(wanted, abs=0.01)
