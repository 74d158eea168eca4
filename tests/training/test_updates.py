"""What one update does: the clipped gradient, the EMA of the weights, the noise on the inputs."""

import itertools
from typing import Any

import pytest
import torch
from torch import nn

from echoic.training import evaluate
from echoic.training.averaging import EMA


def weights(trainer: Any) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in trainer.learner.model.named_parameters()}


def distance(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> float:
    """Euclidean distance between two sets of weights."""
    return float(sum((after[name] - before[name]).square().sum() for name in before) ** 0.5)


def inputs_of(trainer: Any) -> list[torch.Tensor]:
    """The inputs of every batch that the network is trained on, and of none that it is evaluated on."""
    inputs: list[torch.Tensor] = []
    plain = trainer.learner.model.loss

    def loss(batch: Any, *others: Any) -> Any:
        if trainer.learner.model.training:
            inputs.append(batch.inputs.clone())
        return plain(batch, *others)

    trainer.learner.model.loss = loss
    trainer.run()
    return inputs


STEP = {"epochs": 1, "optimizer": "sgd", "lr_schedule": "constant", "warmup_fraction": 0.0, "lr": 0.5}


@pytest.mark.parametrize("grad_clip_norm", [1e-3, 1e-2])
def test_a_gradient_is_scaled_down_to_the_largest_norm(bench: Any, waves: Any, grad_clip_norm: float) -> None:
    trainer = bench.trainer(waves(1), grad_clip_norm=grad_clip_norm, **STEP)
    before = weights(trainer)
    trainer.run()
    assert distance(before, weights(trainer)) == pytest.approx(0.5 * grad_clip_norm, rel=1e-3)


def test_a_small_gradient_is_not_scaled(bench: Any, waves: Any) -> None:
    steps = []
    for grad_clip_norm in (10.0, 1e6):
        trainer = bench.trainer(waves(1), grad_clip_norm=grad_clip_norm, **STEP)
        before = weights(trainer)
        trainer.run()
        steps.append(distance(before, weights(trainer)))
    assert steps[0] == steps[1] > 1e-3


def test_without_dev_the_averaged_weights_are_saved(bench: Any) -> None:
    trainer = bench.trainer(ema_decay=0.9)
    trainer.run()
    saved, _ = trainer.folder.read_model()
    assert saved.keys() == trainer.learner.ema.weights.keys()
    assert all(torch.equal(saved[name], trainer.learner.ema.weights[name]) for name in saved)
    assert distance(saved, weights(trainer)) > 1e-3


def test_dev_is_scored_with_the_averaged_weights_which_are_saved_if_they_are_best(bench: Any, waves: Any) -> None:
    trainer = bench.trainer(dev=waves(2), ema_decay=0.9, epochs=6)
    outcome = trainer.run()
    assert outcome.best_step == outcome.steps, "the loss must still fall for this test"
    saved, _ = trainer.folder.read_model()
    assert all(torch.equal(saved[name], trainer.learner.ema.weights[name]) for name in saved)
    trainer.learner.model.load_state_dict(saved)
    assert outcome.best_dev_loss == pytest.approx(evaluate(trainer.learner.model, waves(2)).loss, rel=1e-6)


def test_averaged_weights_forget_the_first_ones_fast_and_later_ones_by_the_decay() -> None:
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    average = EMA(model, 0.5)
    model.weight.data.fill_(1.0)
    found = []
    for _ in range(12):
        average.update()
        found.append(1 - average.weights["weight"].item())
    decays = [after / before for before, after in itertools.pairwise([1.0, *found])]
    assert decays == pytest.approx([1 / 5, 2 / 6, 3 / 7, *[0.5] * 9], rel=1e-3)


def test_noise_of_the_given_deviation_is_added_to_the_inputs_in_training(bench: Any, waves: Any) -> None:
    plain, noisy = inputs_of(bench.trainer(epochs=8)), inputs_of(bench.trainer(epochs=8, input_noise_std=0.3))
    noise = torch.stack(noisy) - torch.stack(plain)
    assert noise.std().item() == pytest.approx(0.3, rel=0.05)
    assert abs(noise.mean().item()) < 0.03
    first, second = bench.trainer(dev=waves(2)), bench.trainer(dev=waves(2), input_noise_std=0.3, lr=1e-12)
    before = evaluate(second.learner.model, waves(2)).loss
    assert before == evaluate(first.learner.model, waves(2)).loss
    second.run()
    assert second.dev_loss == pytest.approx(before, abs=1e-6)


def test_scheduled_sampling_grows_to_its_fraction_over_the_run(bench: Any, waves: Any) -> None:
    plain = inputs_of(bench.trainer(waves(20), epochs=4))
    fed = inputs_of(bench.trainer(waves(20), epochs=4, scheduled_sampling=0.8))
    changed = torch.stack([(one != other).float().mean() for one, other in zip(plain, fed, strict=True)])
    begin, middle, end = changed[:20].mean(), changed[30:50].mean(), changed[-20:].mean()
    assert changed[0] == 0
    assert begin < 0.2 < middle < 0.55 < end < 0.9


def test_the_learning_rate_of_every_row_of_metrics_is_that_of_the_schedule(bench: Any) -> None:
    trainer = bench.trainer(epochs=3, lr=0.05, warmup_fraction=0.0)
    rates: list[float] = []
    plain = trainer.learner.optimizer.step

    def step(lr: float) -> None:
        rates.append(lr)
        plain(lr)

    trainer.learner.optimizer.step = step
    trainer.run()
    assert rates == sorted(rates, reverse=True)
    assert [row["lr"] for row in trainer.folder.read_metrics()] == rates[4::5]
