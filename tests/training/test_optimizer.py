"""The optimizer of the training loop against those of torch."""

import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from job_data import beeps, driven, hum, lines, phrases, signals, tunes
from torch import nn

from echoic.training.optimizer import Optimizer

Kind = Literal["adam", "adamw", "sgd"]
KINDS: dict[Kind, tuple[Any, dict[str, Any]]] = {
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "sgd": (torch.optim.SGD, {"momentum": 0.9}),
}
DATA = {
    "text": lines, "music": tunes, "audio": hum, "classify": beeps, "detect": signals, "map": driven,
    "transcribe": phrases,
}  # fmt: skip
WITH_SPLIT = ("music", "classify", "detect")
SHAPES = [(3,), (4, 5), (2, 3, 4)]


def parameters() -> list[nn.Parameter]:
    generator = torch.Generator().manual_seed(0)
    made = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]
    return [*made, nn.Parameter(torch.randn(6, generator=generator, dtype=torch.float64)), nn.Parameter(torch.ones(2))]


def gradients(step: int) -> list[torch.Tensor | None]:
    """The last parameter never has a gradient, the second has none in the third step."""
    generator = torch.Generator().manual_seed(step + 1)
    made: list[torch.Tensor | None] = [torch.randn(shape, generator=generator) for shape in SHAPES]
    if step == 2:
        made[1] = None
    return [*made, torch.randn(6, generator=generator, dtype=torch.float64), None]


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
@pytest.mark.parametrize("kind", KINDS)
def test_updates_are_those_of_torch_bit_for_bit(kind: Kind, weight_decay: float) -> None:
    make, options = KINDS[kind]
    ours, theirs = parameters(), parameters()
    optimizer = Optimizer(ours, kind, weight_decay)
    expected = make(theirs, lr=1.0, weight_decay=weight_decay, fused=True, **options)
    for step in range(6):
        lr = expected.param_groups[0]["lr"] = 0.1 / (step + 1)
        for pair in zip(ours, theirs, gradients(step), strict=True):
            pair[0].grad = pair[1].grad = pair[2]
        optimizer.step(lr)
        expected.step()
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_an_optimizer_resumes_bit_for_bit_from_its_tensors(kind: Kind) -> None:
    whole, first, second = parameters(), parameters(), parameters()
    optimizer, interrupted, resumed = (Optimizer(group, kind, 0.01) for group in (whole, first, second))

    def steps(group: list[nn.Parameter], optimizer: Optimizer, numbers: range) -> None:
        for number in numbers:
            for parameter, gradient in zip(group, gradients(number), strict=True):
                parameter.grad = gradient
            optimizer.step(0.1)

    steps(whole, optimizer, range(6))
    steps(first, interrupted, range(4))
    for parameter, value in zip(second, first, strict=True):
        parameter.data = value.detach().clone()
    resumed.load({name: tensor.clone() for name, tensor in interrupted.tensors().items()})
    steps(second, resumed, range(4, 6))
    assert all(torch.equal(one, other) for one, other in zip(whole, second, strict=True))


def test_an_optimizer_that_never_stepped_has_nothing_to_save() -> None:
    optimizer = Optimizer(parameters(), "adamw")
    assert optimizer.tensors() == {}
    optimizer.load({})


def test_gradients_are_removed() -> None:
    parameter = nn.Parameter(torch.ones(2))
    parameter.grad = torch.ones(2)
    Optimizer([parameter], "sgd").zero_grad()
    assert parameter.grad is None


@pytest.mark.parametrize(
    "tensors",
    [{"7.exp_avg": torch.zeros(3)}, {"0.exp_avg": torch.zeros(3)}, {"0.momentum_buffer": torch.zeros(3)}],
    ids=["no such parameter", "incomplete", "of another kind"],
)
def test_tensors_of_another_optimizer_are_refused(tensors: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"belongs to no parameter|does not fit its parameter"):
        Optimizer(parameters(), "adam").load(tensors)


@pytest.mark.slow
def test_training_and_evaluation_do_not_import_the_compiler_of_torch(tmp_path: Path) -> None:
    """`torch._dynamo` takes more than a second to import: as long as all of torch."""
    data = {job: str(make(tmp_path)) for job, make in DATA.items()}
    code = f"""
import sys
import numpy as np
import echoic
from echoic.jobs import JOBS
for job, data in {data}.items() | {{("forecast", "synth:sine")}}:
    settings = {{"fast_hidden_size": 4}} if job == "audio" else {{"targets": ("y",)}} if job == "map" else {{}}
    split = None if job in {WITH_SPLIT} else "0.6,0.2,0.2"
    echoic.train(job, data, epochs=1, layers=(4,), split=split, **settings).evaluate()
    assert "torch._dynamo" not in sys.modules, job
    del JOBS[job]
print("all", *JOBS)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["all"], done.stderr
