"""The model that feeds itself: its state, its prime, its draws."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from narrowing import expect_type

import echoic
from echoic.api.run import Run
from echoic.api.train import train
from echoic.errors import DataError
from echoic.heads import ValueHead
from echoic.types import Series

FLOAT32 = 1e-4
STRATEGIES = ["recursive", "direct", "segments"]
TINY: dict[str, Any] = {
    "lookback": 24,
    "horizon": 6,
    "layers": (6,),
    "epochs": 3,
    "threads": 1,
    "residual_baseline": "last",
}


def wave(steps: int = 240, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return (5 + np.sin(np.arange(steps) / 3) + 0.1 * draw.standard_normal(steps)).astype(np.float32)


def make(path: Path, **settings: Any) -> Run:
    wanted = TINY | settings
    if wanted["strategy"] == "recursive":
        wanted.pop("residual_baseline")
    return train("forecast", wave(), out=path / "run", **wanted)


@pytest.fixture(scope="module", params=STRATEGIES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make(tmp_path_factory.mktemp("generate"), strategy=request.param, head="gaussian")


def values(made: list[Series]) -> np.ndarray:
    (one,) = made
    return one.values


def naive_continuation(run: Run, prime: np.ndarray, length: int) -> np.ndarray:
    """Each value from a pass over all that came before it, from the very first step on."""
    codec = run.folder.read_codec()["values"]
    center, scale = codec["center"][0][0], codec["scale"][0][0]
    known = [(float(value) - center) / scale for value in prime]
    for _ in range(length):
        with torch.no_grad():
            params, _ = run.model(torch.tensor(known)[None, :, None])
        known.append(float(expect_type(ValueHead, run.model.head).mean(params)[0, -1, 0]))
    continued: np.ndarray = np.array(known[len(prime) :]) * scale + center
    return continued


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_carried_state_generates_the_same_as_a_pass_over_all_steps(tmp_path: Path, cell: str) -> None:
    run = make(tmp_path, strategy="recursive", cell=cell, layers=(6, 4), learn_initial_state=True)
    carried = values(run.generate(1000, prime=100))
    assert carried.shape == (1000, 1)
    assert np.isfinite(carried).all()
    np.testing.assert_allclose(carried[:60, 0], naive_continuation(run, wave()[-100:], 60), rtol=0, atol=FLOAT32)


def test_a_longer_continuation_begins_with_the_shorter_one(run: Run) -> None:
    np.testing.assert_array_equal(values(run.generate(50))[:13], values(run.generate(13)))


def test_the_last_n_steps_are_a_prime_as_a_file_of_them_is(run: Run, tmp_path: Path) -> None:
    np.savetxt(tmp_path / "prime.csv", wave()[-40:], header="y", comments="", fmt="%.9g")
    primed = values(run.generate(10, prime=40))
    np.testing.assert_array_equal(primed, values(run.generate(10, prime=tmp_path / "prime.csv")))
    np.testing.assert_array_equal(primed, values(run.generate(10, prime=wave()[-40:])))
    np.testing.assert_array_equal(primed, values(run.generate(10, prime=np.int64(40))))
    assert not np.array_equal(primed, values(run.generate(10, prime=wave(seed=1))))


def test_all_observed_steps_are_the_prime_by_default(run: Run) -> None:
    np.testing.assert_array_equal(values(run.generate(10)), values(run.generate(10, prime=wave())))
    np.testing.assert_array_equal(values(run.generate(10)), values(run.generate(10, prime=len(wave()))))


@pytest.mark.parametrize("prime", [0, -3, 241])
def test_a_prime_of_invalid_length_is_refused(run: Run, prime: int) -> None:
    with pytest.raises(DataError, match=f"the prime must have 1 to 240 steps, got {prime}"):
        run.generate(5, prime=prime)


def test_without_temperature_the_seed_changes_nothing(run: Run) -> None:
    np.testing.assert_array_equal(values(run.generate(20, seed=0)), values(run.generate(20, seed=1)))


def test_with_temperature_the_seed_decides(run: Run) -> None:
    draws = [values(run.generate(20, temperature=1.0, seed=seed)) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])
    near = values(run.generate(3, temperature=1e-4, seed=3))
    np.testing.assert_allclose(near, values(run.generate(3)), rtol=0, atol=0.01)


@pytest.mark.parametrize("head", ["point", "gaussian", "student_t", "quantiles"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_head_draws_finite_paths_and_a_point_only_its_mean(tmp_path: Path, head: str, strategy: str) -> None:
    run = make(tmp_path, strategy=strategy, head=head, epochs=1)
    mean, drawn = values(run.generate(40)), values(run.generate(40, temperature=1.0))
    assert np.isfinite(mean).all()
    assert np.isfinite(drawn).all()
    assert np.array_equal(mean, drawn) == (head == "point")


@pytest.mark.parametrize("strategy", ["direct", "segments"])
def test_a_continuation_chains_horizons(tmp_path: Path, strategy: str) -> None:
    """The second horizon is the forecast after the data and the first."""
    run = make(tmp_path, strategy=strategy, network_weight=1.0)
    made = values(run.generate(15))
    first = run.predict()["mean"]
    np.testing.assert_allclose(made[:6, 0], first, rtol=0, atol=FLOAT32)
    second = run.predict(np.concatenate([wave(), made[:6, 0]]))["mean"]
    np.testing.assert_allclose(made[6:12, 0], second, rtol=0, atol=FLOAT32)
    assert made.shape == (15, 1)


def test_step_by_step_a_forecast_is_the_start_of_the_continuation_of_its_lookback(tmp_path: Path) -> None:
    run = make(tmp_path, strategy="recursive", network_weight=1.0)
    np.testing.assert_allclose(run.predict()["mean"], values(run.generate(6, prime=24))[:, 0], rtol=0, atol=FLOAT32)


def test_every_series_is_continued_from_its_own_end(tmp_path: Path) -> None:
    table = {"unique_id": ["a"] * 80 + ["b"] * 100, "ds": [*range(80), *range(100)], "y": [*wave(80), *-wave(100)]}
    frame = pd.DataFrame(table).assign(ds=pd.to_datetime("2024-01-01") + pd.to_timedelta(table["ds"], "D"))
    run = echoic.train("forecast", frame, out=tmp_path / "run", strategy="recursive", lookback=12, epochs=4, threads=1)
    made = run.generate(9)
    assert [one.name for one in made] == ["a", "b"]
    assert [str(one.time.times(np.arange(1))[0])[:10] for one in made] == ["2024-03-21", "2024-04-10"]
    assert made[0].values.mean() > 2 > -2 > made[1].values.mean()
