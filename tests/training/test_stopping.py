import os
import signal
import threading
from typing import Any

import pytest
import torch

from echoic.training import Progress, StopTraining, Trainer, TrainingData, isolated_randomness
from echoic.training.stopping import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_the_old_handlers_are_back_at_once(number: signal.Signals) -> None:
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    with stop_on_signals() as stop:
        assert stop.signal is None
        os.kill(os.getpid(), number)
        assert stop.signal is number
        assert {one: signal.getsignal(one) for one in before} == before
    assert {one: signal.getsignal(one) for one in before} == before


@pytest.mark.slow
def test_a_second_interrupt_acts_at_once() -> None:
    with stop_on_signals():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_the_handlers_are_back_after_an_error() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyError, match="any"), stop_on_signals():
        raise KeyError("any")
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_nothing_is_caught() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with stop_on_signals() as stop:
            seen.append((signal.getsignal(signal.SIGINT) is before, stop.signal))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(True, None)]


@pytest.mark.parametrize("at_step", [2, 5, 7])  # within an epoch, at its evaluation, in the second one
def test_a_request_to_stop_saves_what_a_resumed_training_needs(bench: Any, waves: Any, at_step: int) -> None:
    whole = bench.trainer(dev=waves(2))
    with isolated_randomness(0):
        whole.run()

    stopped = bench.trainer(dev=waves(2))

    def stop(at: Progress) -> None:
        if at.step == at_step:
            raise StopTraining

    stopped.on_progress = stop
    with isolated_randomness(0), pytest.raises(StopTraining):
        stopped.run()
    checkpoint, _ = stopped.folder.read_checkpoint()
    assert checkpoint is not None
    assert checkpoint.metadata["state"]["step"] == at_step

    stopped.on_progress = lambda _: None
    with isolated_randomness(0):
        resumed = Trainer(stopped.learner.model, TrainingData(waves(), waves(2)), stopped.settings, stopped.folder)
        resumed.restore(checkpoint)
        resumed.run()
    assert resumed.folder.read_metrics() == whole.folder.read_metrics()
    for name, weight in whole.folder.read_model()[0].items():
        assert torch.equal(weight, resumed.folder.read_model()[0][name])


def test_a_request_at_the_last_step_changes_nothing(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(dev=waves(2), epochs=1)

    def stop(at: Progress) -> None:
        if at.fraction == 1:
            raise StopTraining

    trainer.on_progress = stop
    assert trainer.run().stop_reason == "all steps done"
