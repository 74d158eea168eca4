"""Two threads of one process: a training is never disturbed, a second one is refused."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import echoic
from echoic.errors import TrainingError
from echoic.training import isolated_randomness, no_randomness

SETTINGS: dict[str, Any] = {
    "lookback": 8,
    "layers": (8,),
    "dropout": 0.5,
    "epochs": 2,
    "threads": 1,
    "strategy": "recursive",
}


def wave() -> np.ndarray:
    return np.sin(np.arange(300) / 4).astype(np.float32)


def weights(run: echoic.Run) -> dict[str, torch.Tensor]:
    return dict(run.model.state_dict())


def test_a_second_training_is_refused_and_the_first_gets_the_bits_it_gets_alone(tmp_path: Path) -> None:
    alone = weights(echoic.train("forecast", wave(), out=tmp_path / "alone", **SETTINGS))
    errors = list[Exception]()
    in_training = threading.Event()

    def second() -> None:
        try:
            echoic.train("forecast", wave(), out=tmp_path / "second", **SETTINGS)
        except TrainingError as error:
            errors.append(error)

    def disturb(_: object) -> None:
        if not in_training.is_set():
            in_training.set()
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()

    first = echoic.train("forecast", wave(), out=tmp_path / "first", on_progress=disturb, **SETTINGS)
    assert "Another thread of this process is training" in str(errors[0])
    assert not (tmp_path / "second").exists()
    for name, weight in weights(first).items():
        assert torch.equal(weight, alone[name])


def test_loading_in_another_thread_leaves_a_training_alone(tmp_path: Path) -> None:
    run = echoic.train("forecast", wave(), out=tmp_path / "alone", **SETTINGS)
    alone, loaded = weights(run), list[dict[str, torch.Tensor]]()

    def load(_: object) -> None:
        thread = threading.Thread(target=lambda: loaded.append(weights(echoic.load(tmp_path / "alone", data=wave()))))
        thread.start()
        thread.join()

    beside = echoic.train("forecast", wave(), out=tmp_path / "beside", on_progress=load, **SETTINGS)
    assert loaded
    for name, weight in weights(beside).items():
        assert torch.equal(weight, alone[name])
        assert torch.equal(loaded[0][name], alone[name])


def test_networks_for_loading_draw_nothing() -> None:
    before = torch.get_rng_state()
    with no_randomness():
        layer = torch.nn.Linear(3, 4)
        torch.nn.init.orthogonal_(layer.weight)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_thread_may_nest_its_own_randomness() -> None:
    with isolated_randomness(0):
        first = torch.rand(1)
        with isolated_randomness(0):
            assert torch.equal(torch.rand(1), first)
    with pytest.raises(ZeroDivisionError), isolated_randomness(0):
        _ = 1 / 0
    with isolated_randomness(0):
        assert torch.equal(torch.rand(1), first)


def test_threads_that_share_a_run_get_what_one_gets_alone() -> None:
    run = echoic.train("forecast", wave(), **SETTINGS)
    requests = [wave()[:steps] for steps in (100, 150, 200, 250)] * 3
    alone = [run.predict(one)["mean"].tolist() for one in requests]
    shared = echoic.load(run.path)
    with ThreadPoolExecutor(4) as pool:
        together = [one["mean"].tolist() for one in pool.map(shared.predict, requests)]
    assert together == alone
