import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from threadpoolctl import threadpool_info

from echoic.errors import TrainingError
from echoic.run import Checkpoint
from echoic.tensors import Batch
from echoic.training import EvalResult, isolated_randomness, thread_count
from echoic.training.loop import MAX_SKIPPED_STEPS


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in trainer.learner.model.named_parameters()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_bad_batch_is_counted_and_leaves_every_weight_as_it_was(bench: Any, waves: Any, bad: float) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    trainer = bench.trainer(waves(spoil=lambda epoch, number: bad if (epoch, number) == (1, 2) else 0.0), ema_decay=0.9)
    trainer.on_progress = lambda at: seen.append(weights(trainer)) if at.step > len(seen) else None
    result = trainer.run()
    assert (result.skipped_steps, result.steps) == (1, 15)
    moved = [not same(before, after) for before, after in itertools.pairwise(seen)]
    assert moved.count(False) == 1
    saved, _ = trainer.folder.read_model()
    assert all(torch.isfinite(weight).all() for weight in [*weights(trainer).values(), *saved.values()])
    assert [row["skipped"] for row in trainer.folder.read_metrics()] == [0, 1, 1]
    assert all(math.isfinite(row["train_loss"]) for row in trainer.folder.read_metrics())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_bad_gradient_of_a_good_loss_is_not_stepped_on(bench: Any, bad: float) -> None:
    trainer = bench.trainer(epochs=1)
    calls = []

    def spoil(gradient: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return gradient * bad if len(calls) == 3 else gradient

    trainer.learner.model.head.linear.weight.register_hook(spoil)
    result = trainer.run()
    assert (len(calls), result.skipped_steps) == (5, 1)
    assert all(torch.isfinite(weight).all() for weight in weights(trainer).values())


def test_a_batch_without_values_is_no_bad_batch(bench: Any, waves: Any) -> None:
    class Masked(waves):  # type: ignore[misc]
        def epoch(self, *arguments: Any) -> Iterator[Batch]:
            for batch in super().epoch(*arguments):
                yield batch._replace(mask=torch.zeros_like(batch.mask))

    trainer = bench.trainer(Masked(), optimizer="sgd")
    before = weights(trainer)
    assert trainer.run().skipped_steps == 0
    assert same(before, weights(trainer))


def test_losses_that_stay_bad_end_training_with_the_best_weights_on_disk(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(
        waves(30, lambda epoch, _: math.nan if epoch else 0.0), waves(1), epochs=3, checkpoint_interval_s=3600
    )
    with pytest.raises(
        TrainingError, match=f"not finite for {MAX_SKIPPED_STEPS} consecutive steps.* the best weights so far are"
    ):
        trainer.run()
    assert trainer.state.skipped == MAX_SKIPPED_STEPS
    saved, metadata = trainer.folder.read_model()
    assert same(saved, weights(trainer))
    assert metadata["step"] == 30
    assert len(trainer.folder.read_metrics()) == 1


def test_losses_bad_from_the_start_end_training_with_the_first_weights_in_a_checkpoint(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(waves(30, lambda *_: math.nan))
    start = weights(trainer)
    with pytest.raises(TrainingError, match=r"a checkpoint with the weights before them is kept in .*run-1"):
        trainer.run()
    checkpoint, _ = trainer.folder.read_checkpoint()
    kept = {name.removeprefix("model."): value for name, value in checkpoint.tensors.items() if name[:6] == "model."}
    assert same(start, kept)
    assert same(start, weights(trainer))


def test_bad_steps_with_good_ones_between_never_end_training(bench: Any, waves: Any) -> None:
    result = bench.trainer(waves(30, lambda _, number: math.nan if number % 10 else 0.0)).run()
    assert (result.steps, result.skipped_steps) == (90, 81)


def test_a_dev_loss_that_was_not_a_number_is_soon_beaten(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(dev=waves(1), epochs=3)
    losses = iter([math.nan, 2.0, math.nan])
    trainer.learner.evaluate = lambda *_: EvalResult(next(losses), None)
    result = trainer.run()
    assert (result.best_dev_loss, result.best_step) == (2.0, 10)


def test_patience_stops_training_and_the_best_weights_are_those_saved(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(dev=waves(1), epochs=20, patience=3)
    losses = iter([5.0, 3.0, 4.0, 3.0, 3.5])
    at_best: list[dict[str, torch.Tensor]] = []

    def score(given: dict[str, torch.Tensor], _: Any) -> EvalResult:
        loss = next(losses)
        if loss == 3.0 and not at_best:
            at_best.append({name: weight.clone() for name, weight in given.items()})
        return EvalResult(loss, None)

    trainer.learner.evaluate = score
    result = trainer.run()
    assert (result.steps, result.best_step, result.best_dev_loss) == (25, 10, 3.0)
    assert "no better dev loss in 3 evaluations" in result.stop_reason
    saved, metadata = trainer.folder.read_model()
    assert same(saved, at_best[0])
    assert not same(saved, weights(trainer))
    assert metadata == {"step": 10, "dev_loss": 3.0}


def test_patience_waits_for_the_end_of_a_curriculum(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(dev=waves(1), epochs=20, patience=3)
    trainer.learner.model.head.curriculum_fraction = 0.5
    trainer.learner.evaluate = lambda *_: EvalResult(1.0, None)
    result = trainer.run()
    # Evaluations from that after half of 100 steps on count: those of steps 50, 55 and 60.
    assert (result.steps, result.best_step) == (60, 5)


def test_evaluating_dev_changes_nothing(bench: Any, waves: Any) -> None:
    plain, watched = bench.trainer(ema_decay=0.9), bench.trainer(dev=waves(2), ema_decay=0.9)
    plain.run()
    watched.run()
    assert same(weights(plain), weights(watched))


def test_no_batch_is_left_out_or_seen_twice_on_either_side_of_a_checkpoint(bench: Any) -> None:
    whole = bench.trainer(epochs=2, ema_decay=0.9)
    whole.run()
    first = bench.trainer(epochs=2, ema_decay=0.9)

    def stop(at: Any) -> None:
        if at.step == 7:
            first.write_checkpoint()
            raise KeyboardInterrupt

    first.on_progress = stop
    with pytest.raises(KeyboardInterrupt):
        first.run()
    second = bench.trainer(epochs=2, ema_decay=0.9)
    second.folder = first.folder
    # A step counts as done once its progress is reported; the checkpoint inside knows the batch that comes next.
    second.restore(first.folder.read_checkpoint()[0])
    assert (second.state.epoch, second.state.batch, second.state.step) == (1, 2, 7)
    second.run()
    assert same(weights(whole), weights(second))
    assert same(whole.best, second.best)


def test_averaged_weights_keep_their_names_through_a_checkpoint(bench: Any) -> None:
    trainer = bench.trainer(ema_decay=0.9)
    trainer.run()
    other = bench.trainer(ema_decay=0.9)
    other.restore(trainer.folder.read_checkpoint()[0])
    assert list(other.learner.ema.weights) == [name for name, _ in other.learner.model.named_parameters()]
    assert same(other.learner.ema.weights, trainer.learner.ema.weights)


def test_the_random_state_of_a_gpu_is_restored(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, state, restored = bench.trainer(), torch.arange(16, dtype=torch.uint8), []
    trainer.write_checkpoint()
    tensors, metadata = trainer.folder.read_checkpoint()[0]
    monkeypatch.setattr("torch.cuda.set_rng_state", lambda *arguments: restored.append(arguments))
    trainer.restore(Checkpoint(tensors, metadata))
    assert restored == [], "a checkpoint of a training on the CPU has none"
    trainer.restore(Checkpoint(tensors | {"random_cuda": state}, metadata))
    assert restored == [(state, trainer.learner.device)]


def test_isolated_randomness_leaves_the_generator_of_the_caller_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    with isolated_randomness(1):
        first = torch.rand(2)
    assert torch.equal(torch.rand(3), expected)
    with isolated_randomness(1):
        assert torch.equal(torch.rand(2), first)


def test_isolated_randomness_puts_the_generator_back_after_an_error() -> None:
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match="negative dimension"), isolated_randomness(1):
        torch.rand(2), torch.rand(-1)
    assert torch.equal(torch.get_rng_state(), before)


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_linear_algebra_of_numpy_has_as_many_threads() -> None:
    before = blas_threads()
    with thread_count(1):
        assert blas_threads() == {1}
    assert blas_threads() == before
    with thread_count(None):
        assert blas_threads() == before


def test_thread_count_is_restored_after_an_error_too() -> None:
    before = torch.get_num_threads()
    with thread_count(before + 1):
        assert torch.get_num_threads() == before + 1
    with pytest.raises(KeyError, match="any"), thread_count(before + 1):
        raise KeyError("any")
    assert torch.get_num_threads() == before
    with thread_count(None):
        assert torch.get_num_threads() == before
