"""Training with products in bfloat16: what is said, what is kept in float32, and that it resumes."""

from typing import Any

import pytest
import torch

import echoic
from echoic import ops
from echoic.api.summaries import machine_info
from echoic.errors import ConfigError

TEXT = "the quick brown fox jumps over the lazy dog. " * 40
TINY: dict[str, Any] = {"layers": (66,), "steps": 6, "batch_size": 4, "threads": 1, "network_weight": 1.0}


def test_a_cpu_that_gains_nothing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for multiplies, expected in ((True, 0), (False, 1)):
        monkeypatch.setattr(ops, "multiplies_bfloat16", lambda multiplies=multiplies: multiplies)
        notes = echoic.prepare("text", text=TEXT, config=TINY | {"precision": "bf16"}).notes
        assert sum("multiplies no bfloat16" in note for note in notes) == expected
    assert echoic.prepare("text", text=TEXT, config=TINY).notes == ()


def test_the_network_is_a_float32_one_and_evaluated_as_such() -> None:
    plain, rounded = (
        echoic.train("text", text=TEXT, config=TINY | {"precision": precision}) for precision in ("float32", "bf16")
    )
    assert {weight.dtype for weight in rounded.model.state_dict().values()} == {torch.float32}
    losses = [run.result()["best_dev_loss"] for run in (plain, rounded)]
    assert losses[0] != losses[1]
    assert losses[1] == pytest.approx(losses[0], rel=1e-2)
    scores = [run.evaluate().scores["nats_per_char"] for run in (plain, rounded)]
    assert scores[1] == pytest.approx(scores[0], rel=1e-2)


def test_parts_of_a_user_are_not_run_under_autocast() -> None:
    def network(inputs: int) -> torch.nn.Module:
        return torch.nn.GRU(inputs, 8, batch_first=True)

    with pytest.raises(ConfigError, match=r"`precision` must be float32 with a network of your own in `components`"):
        echoic.prepare("text", text=TEXT, components={"network": network}, precision="bf16")


def test_what_is_said_of_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    for kernel, said in (("scalar", "rounded in float32"), ("off", "left to PyTorch")):
        monkeypatch.setenv("ECHOIC_KERNEL", kernel)
        assert machine_info()["bfloat16"] == said


def test_the_check_before_a_long_run_has_the_precision_of_training() -> None:
    plain, rounded = (
        echoic.check("text", text=TEXT, steps=3, config={"layers": (66,), "threads": 1, "precision": precision})
        for precision in ("float32", "bf16")
    )
    assert plain != rounded
    assert rounded == pytest.approx(plain, rel=1e-2)
