import numpy as np
import pytest
import torch

from echoic.config import TrainSettings
from echoic.training.optimizer import (
    EMA,
    learning_rate,
    load_optimizer_tensors,
    make_optimizer,
    optimizer_tensors,
)


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        ("cosine", 0.0, 0.01),
        ("cosine", 0.05, 0.5),
        ("cosine", 0.1, 1.0),
        ("cosine", 0.4, 0.75),  # a third of the way down: (1 + cos 60 degrees) / 2
        ("cosine", 0.55, 0.5),
        ("cosine", 1.0, 0.0),
        ("cosine", 1.3, 0.0),
        ("constant", 0.05, 0.5),
        ("constant", 0.1, 1.0),
        ("constant", 1.0, 1.0),
    ],
)
def test_the_learning_rate_rises_then_falls_as_a_cosine_or_stays(schedule: str, progress: float, factor: float) -> None:
    settings = TrainSettings(lr=0.2, warmup_fraction=0.1, lr_schedule=schedule)
    assert learning_rate(settings, progress) == pytest.approx(0.2 * factor, abs=1e-12)


def test_without_a_rise_the_learning_rate_begins_at_its_peak() -> None:
    assert learning_rate(TrainSettings(lr=0.2, warmup_fraction=0), 0) == 0.2


def test_averaged_weights_are_those_that_numpy_computes() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2)
    ema = EMA(model, 0.9)
    expected = {name: weight.detach().numpy().astype(np.float64) for name, weight in model.named_parameters()}
    for step in range(1, 200):
        decay = min(0.9, (1 + step) / (10 + step))
        for name, weight in model.named_parameters():
            weight.data.add_(torch.randn_like(weight))
            expected[name] = decay * expected[name] + (1 - decay) * weight.detach().numpy()
        ema.update()
    for name, averaged in ema.weights.items():
        np.testing.assert_allclose(averaged.numpy(), expected[name], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_an_optimizer_resumes_bit_for_bit_from_its_tensors(name: str) -> None:
    settings = TrainSettings(optimizer=name, lr=0.1, weight_decay=0.01)

    def step(weight: torch.nn.Parameter, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        torch.autograd.backward((weight**2).sum())
        optimizer.step()

    one = torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))
    never_used = torch.nn.Parameter(torch.ones(2))
    optimizer = make_optimizer([never_used, one], settings)
    for _ in range(3):
        step(one, optimizer)
    other = torch.nn.Parameter(one.detach().clone())
    resumed = make_optimizer([torch.nn.Parameter(torch.ones(2)), other], settings)
    load_optimizer_tensors(resumed, {key: tensor.clone() for key, tensor in optimizer_tensors(optimizer).items()})
    for _ in range(3):
        step(one, optimizer)
        step(other, resumed)
    assert torch.equal(one, other)


def test_an_optimiser_that_never_stepped_has_nothing_to_save() -> None:
    optimizer = make_optimizer([torch.nn.Parameter(torch.ones(2))], TrainSettings())
    assert optimizer_tensors(optimizer) == {}
    load_optimizer_tensors(optimizer, {})
