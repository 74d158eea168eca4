"""A run that has been used is used again by a child process of each kind, and by a thread."""

import multiprocessing
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from child_work import SETTINGS, predictions, refusals, wave

import echoic

HUNG_S = 300
"""A process that takes longer hangs; on a busy machine a good one may take minutes."""

needs_fork = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forking is the way of Linux")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> echoic.Run:
    """A run that has started the threads of polars and, by two threads, those of PyTorch."""
    folder = tmp_path_factory.mktemp("children")
    np.savetxt(folder / "wave.csv", wave(), header="y", comments="")
    run = echoic.train("forecast", folder / "wave.csv", out=folder / "run", threads=2, **SETTINGS)
    run.predict(folder / "wave.csv")
    return run


def in_process(method: str, work: Callable[..., None], *arguments: Any) -> Any:
    """What `work` puts into a queue in a child process, which must end within the time."""
    context: Any = multiprocessing.get_context(method)
    results = context.Queue()
    process = context.Process(target=work, args=(*arguments, results))
    process.start()
    process.join(HUNG_S)
    is_hung = process.is_alive()
    process.kill()
    assert not is_hung
    assert process.exitcode == 0
    return results.get(timeout=HUNG_S)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("method", [pytest.param("fork", marks=needs_fork), "spawn"])
def test_a_child_process_predicts_what_its_parent_does(used: echoic.Run, method: str) -> None:
    expected = used.predict(used.path.parent / "wave.csv")["mean"]
    for mean in in_process(method, predictions, used.path):
        np.testing.assert_allclose(mean, expected, rtol=1e-5)


def test_a_thread_predicts_what_its_parent_does(used: echoic.Run) -> None:
    results = queue.Queue[Any]()
    thread = threading.Thread(target=predictions, args=(used.path, results), daemon=True)
    thread.start()
    expected = used.predict(used.path.parent / "wave.csv")["mean"]
    for mean in results.get(timeout=HUNG_S):
        np.testing.assert_allclose(mean, expected, rtol=1e-5)


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_says_what_it_cannot_do_and_offers_spawn(used: echoic.Run) -> None:
    threads, *said = in_process("fork", refusals, used, pl.DataFrame({"y": wave()}))
    assert threads == "1"
    table, stream, training, missing = said
    assert "cannot read this table, because it was forked from one that had read tables; start it with" in table
    assert 'multiprocessing.get_context("spawn")' in table
    assert stream == training
    assert "`threads` must be 1 in a forked process, got 2" in training
    assert "missing.csv: no such file" in missing
