"""When the loop evaluates, writes checkpoints, carries its state and ends."""

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from echoic.errors import TrainingError
from echoic.run import Checkpoint
from echoic.tensors import Batch
from echoic.training import Phase, Progress, evaluate, overfit_one_batch, total_loss


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in ("loop", "clock"):
        monkeypatch.setattr(f"echoic.training.{module}.time", made)
    return made


@pytest.fixture
def timed(clock: Clock, bench: Any) -> Callable[..., Any]:
    """A trainer whose steps take one second each, and whose evaluations take `eval_s`."""

    def make(eval_s: float = 0.0, **settings: Any) -> Any:
        trainer = bench.trainer(**settings)
        step, evaluate = trainer._step, trainer.learner.evaluate

        def slow_step(batch: Batch) -> None:
            step(batch)
            clock.now += 1

        def slow_evaluation(*arguments: Any) -> Any:
            clock.now += eval_s
            return evaluate(*arguments)

        trainer._step, trainer.learner.evaluate = slow_step, slow_evaluation
        return trainer

    return make


class Chunks:
    """One long sine in `count` chunks of 12 steps, each of which continues the one before."""

    def __init__(self, count: int) -> None:
        self.wave = torch.sin(torch.arange(12 * count + 1) * 0.7)[None, :, None]
        self.count = count

    def __len__(self) -> int:
        return self.count

    def epoch(self, _seed: int, _epoch: int, skip: int = 0) -> Iterator[Batch]:
        for number in range(skip, self.count):
            inputs, targets = (self.wave[:, 12 * number + shift :][:, :12] for shift in (0, 1))
            yield Batch(inputs, targets, torch.ones(targets.shape, dtype=torch.bool), carry=number > 0)

    def whole(self) -> Batch:
        """All chunks as one sequence."""
        targets = self.wave[:, 1:]
        return Batch(self.wave[:, :-1], targets, torch.ones(targets.shape, dtype=torch.bool))


@pytest.mark.parametrize(("per_epoch", "expected"), [(1, [5, 10]), (2, [2, 5, 7, 10]), (5, list(range(1, 11)))])
def test_dev_is_evaluated_at_even_distances_in_each_epoch(
    bench: Any, waves: Any, per_epoch: int, expected: list[int]
) -> None:
    trainer = bench.trainer(dev=waves(1), epochs=2, evals_per_epoch=per_epoch)
    trainer.run()
    assert [row["step"] for row in trainer.folder.read_metrics()] == expected


def test_a_phase_with_a_number_of_steps_ends_in_the_middle_of_an_epoch_with_a_last_evaluation(
    bench: Any, waves: Any
) -> None:
    trainer = bench.trainer(dev=waves(1), epochs=9)
    trainer.phase, trainer.total_steps = Phase("refit", steps=7, first_step=100), 7
    assert trainer.run().steps == 7
    rows = trainer.folder.read_metrics()
    assert [(row["phase"], row["epoch"], row["step"]) for row in rows] == [("refit", 0, 105), ("refit", 1, 107)]
    assert [path.name for path in trainer.folder.checkpoints.iterdir()] == ["step-000000107.safetensors"]


def test_a_number_of_steps_ends_training_and_the_schedule_of_the_learning_rate(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(dev=waves(1), epochs=9, steps=7, warmup_fraction=0.0)
    assert trainer.run().steps == 7
    rows = trainer.folder.read_metrics()
    assert [row["step"] for row in rows] == [5, 7]
    rates = [0.05 * 0.5 * (1 + math.cos(math.pi * (row["step"] - 1) / 7)) for row in rows]
    assert [row["lr"] for row in rows] == pytest.approx(rates)


def test_progress_has_means_since_the_last_evaluation_and_batches_per_second(timed: Any, waves: Any) -> None:
    trainer = timed(dev=waves(2), epochs=2)
    seen: list[Progress] = []
    trainer.on_progress = seen.append
    trainer.run()
    after_steps = [one for number, one in enumerate(seen) if number % 6 != 5]
    assert [one.step for one in after_steps] == list(range(1, 11))
    assert [one.fraction for one in after_steps] == pytest.approx([step / 10 for step in range(1, 11)])
    assert [one.batches_per_s for one in seen] == pytest.approx([1.0] * 12)
    assert [one.epoch for one in after_steps] == [0] * 5 + [1] * 5
    rows = trainer.folder.read_metrics()
    for number, row in enumerate(rows):
        before, evaluated = seen[6 * number + 4 : 6 * number + 6]
        assert before.train_loss == evaluated.train_loss == row["train_loss"]
        assert evaluated.dev_loss == row["dev_loss"]
        assert evaluated.best_dev_loss == min(one["dev_loss"] for one in rows[: number + 1])
    assert seen[0].dev_loss is None
    assert seen[6].train_loss != pytest.approx(seen[4].train_loss, rel=1e-3), "the second epoch starts its own mean"


def test_fast_batches_are_counted_per_second_too(bench: Any, clock: Clock) -> None:
    trainer = bench.trainer(epochs=1)
    step = trainer._step

    def fast_step(batch: Batch) -> None:
        step(batch)
        clock.now += 0.01

    trainer._step = fast_step
    rates: list[float] = []
    trainer.on_progress = lambda progress: rates.append(progress.batches_per_s)
    trainer.run()
    assert rates == pytest.approx([100.0] * 6)


@pytest.mark.parametrize(("interval_s", "expected"), [(0.5, [*range(1, 15), 15]), (4.5, [5, 10, 15]), (100, [15])])
def test_checkpoints_are_written_when_the_interval_is_over_and_at_the_end(
    timed: Any, interval_s: float, expected: list[int]
) -> None:
    trainer = timed(epochs=3, checkpoint_interval_s=interval_s)
    written: list[int] = []
    plain = trainer.folder.write_checkpoint

    def write(step: int, checkpoint: Checkpoint) -> None:
        written.append(step)
        plain(step, checkpoint)

    trainer.folder.write_checkpoint = write
    trainer.run()
    # Not after the last batch of all: the end writes that one.
    assert written == expected


def test_a_time_budget_ends_training_with_room_for_the_last_evaluation(timed: Any, waves: Any) -> None:
    result = timed(minutes=13 / 60, epochs=1).run()
    assert (result.steps, result.seconds, result.stop_reason) == (13, 13, "time is up")
    # The first evaluation takes 3 s after 5 steps; the next one has to fit in, too.
    trainer = timed(eval_s=3.0, dev=waves(1), minutes=20 / 60, epochs=1)
    result = trainer.run()
    assert [row["step"] for row in trainer.folder.read_metrics()] == [5, 10, 11]
    assert (result.steps, result.seconds) == (11, 20)


def test_a_phase_has_its_fraction_of_the_time_budget_and_a_schedule_of_its_own(timed: Any) -> None:
    trainer = timed(minutes=20 / 60, phase=Phase(budget=0.5), warmup_fraction=0.0, lr=0.1)
    rates: dict[int, float] = {}
    trainer.on_progress = lambda progress: rates.update({progress.step: trainer.state.lr})
    assert trainer.run().steps == 10
    assert rates[1] == pytest.approx(0.1)
    assert rates[6] == pytest.approx(0.05), "half of this phase is over"


def test_a_time_budget_counts_from_the_first_step(timed: Any, clock: Clock, waves: Any) -> None:
    batches = waves()
    epoch = batches.epoch

    def slow_start(*arguments: Any) -> Iterator[Batch]:
        clock.now += 100
        yield from epoch(*arguments)

    batches.epoch = slow_start
    trainer = timed(train=batches, minutes=4 / 60)
    clock.now += 1000
    rates: list[float] = []
    trainer.on_progress = lambda progress: rates.append(progress.batches_per_s)
    result = trainer.run()
    assert (result.steps, result.seconds) == (4, 4)
    assert rates[:4] == pytest.approx([1.0] * 4)


def test_a_time_budget_that_is_too_small_leaves_one_step_evaluated(timed: Any, waves: Any) -> None:
    trainer = timed(eval_s=5.0, dev=waves(1), minutes=1e-6)
    result = trainer.run()
    assert (result.steps, result.best_step, result.stop_reason) == (1, 1, "time is up")
    assert [row["step"] for row in trainer.folder.read_metrics()] == [1]
    _, best = trainer.folder.read_model()
    assert best["dev_loss"] == result.best_dev_loss


def test_training_without_a_batch_is_refused(bench: Any, waves: Any) -> None:
    with pytest.raises(TrainingError, match=r"There is no batch to train on\."):
        bench.trainer(waves(0), minutes=1e-6).run()


def test_a_resumed_training_has_the_rest_of_its_time_budget(timed: Any, clock: Clock) -> None:
    trainer = timed(minutes=13 / 60, checkpoint_interval_s=100)

    def stop(progress: Progress) -> None:
        if progress.step == 4:
            raise KeyboardInterrupt

    trainer.on_progress = stop
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    trainer.write_checkpoint()
    checkpoint, _ = trainer.folder.read_checkpoint()
    clock.now += 1e6
    resumed = timed(minutes=13 / 60)
    clock.now += 50
    resumed.restore(checkpoint)
    clock.now += 50
    result = resumed.run()
    assert (result.steps, result.seconds) == (13, 13)


def test_the_state_is_carried_from_chunk_to_chunk_and_not_into_the_next_epoch(bench: Any) -> None:
    trainer = bench.trainer(Chunks(3), epochs=2)
    states: list[tuple[Any, torch.Tensor]] = []
    plain = trainer.learner.model.loss

    def loss(batch: Batch, state: Any = None, progress: float = 1.0) -> Any:
        found = plain(batch, state, progress)
        if trainer.learner.model.training:
            states.append((state, trainer.learner.model.pack(found.state).detach()))
        return found

    trainer.learner.model.loss = loss
    trainer.run()
    assert [state is None for state, _ in states] == [True, False, False] * 2
    for (_, before), (state, _) in itertools.pairwise(states):
        if state is not None:
            packed = trainer.learner.model.pack(state)
            assert torch.equal(packed, before)
            assert not packed.requires_grad


def test_an_evaluation_of_chunks_is_that_of_the_whole_sequence(bench: Any) -> None:
    model, chunks = bench.trainer().learner.model, Chunks(4)
    whole = model.eval().loss(chunks.whole())
    found = evaluate(model.train(), chunks)
    assert found.loss == pytest.approx(whole.total.item() / 48, rel=1e-5)
    assert found.accuracy is None
    assert not model.training
    done: list[int] = []
    total, values = total_loss(model, chunks, done.append)
    assert total == pytest.approx(whole.total.item(), rel=1e-5)
    assert (values, done) == (48, [1, 2, 3, 4])


def test_overfitting_gives_the_loss_before_each_step_and_lowers_it(bench: Any) -> None:
    model, batch = bench.trainer().learner.model, Chunks(2).whole()
    start = model.loss(batch).total.item() / 24
    losses = overfit_one_batch(model, batch, 60)
    assert len(losses) == 60
    assert losses[0] == pytest.approx(start, rel=1e-5)
    assert model.loss(batch).total.item() / 24 < losses[-1] < 0.1 * losses[0]
