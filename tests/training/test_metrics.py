"""The losses and accuracies that stand in the rows of metrics."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from echoic.cells import CELLS, Stack
from echoic.config.model import StackSettings
from echoic.encoders import Identity
from echoic.heads import Categorical
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.tensors import Batch
from echoic.training import evaluate
from echoic.training.learner import Learner


class Symbols:
    """Batches of 4 rows of 6 steps, whose masks leave out ever more of them."""

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def epoch(self, _seed: int, epoch: int, skip: int = 0) -> Iterator[Batch]:
        for number in range(skip, self.count):
            generator = torch.Generator().manual_seed(100 * epoch + number)
            inputs = torch.randint(3, (4, 6, 1), generator=generator).float()
            mask = torch.arange(6).expand(4, 6)[..., None] < 6 - number
            yield Batch(inputs, inputs, mask)


@pytest.fixture
def trainer(bench: Any) -> Any:
    """A trainer of a network that tells which of three symbols its input is."""
    made = bench.trainer(Symbols(3), Symbols(2), epochs=2, lr=1e-6)
    torch.manual_seed(0)
    stack = Stack(CELLS, 1, StackSettings(layers=(4,)))
    model = SequenceModel(Identity(1), stack, PerStep(4), Categorical(4, 3))
    made.learner = Learner(model, made.settings.model_copy(update={"optimizer": "sgd"}))
    return made


def test_rows_have_means_over_all_values_of_the_epoch_and_of_dev(trainer: Any) -> None:
    expected, dev = [], evaluate(trainer.learner.model, Symbols(2))
    for epoch in range(2):
        losses = [trainer.learner.model.loss(batch) for batch in Symbols(3).epoch(0, epoch)]
        count = sum(loss.num_values for loss in losses)
        assert count == 4 * (6 + 5 + 4)
        total = sum(loss.total.item() for loss in losses)
        expected.append((total / count, sum(loss.correct for loss in losses) / count))
    trainer.run()
    rows = trainer.folder.read_metrics()
    assert [(row["train_loss"], row["train_accuracy"]) for row in rows] == [
        (pytest.approx(loss, rel=1e-3), accuracy) for loss, accuracy in expected
    ]
    assert [(row["dev_loss"], row["dev_accuracy"]) for row in rows] == [(pytest.approx(dev[0], rel=1e-3), dev[1])] * 2
    assert dev[1] is not None
    assert 0 < dev[1] < 1


def test_every_evaluation_uses_the_batches_of_the_first_epoch(trainer: Any) -> None:
    losses = [trainer.learner.model.loss(batch) for batch in Symbols(2).epoch(0, 0)]
    values = sum(loss.num_values for loss in losses)
    found = evaluate(trainer.learner.model, Symbols(2))
    assert found.loss == pytest.approx(sum(loss.total.item() for loss in losses) / values, rel=1e-6)
    assert found.accuracy == sum(loss.correct for loss in losses) / values


def test_an_epoch_without_a_finite_loss_is_evaluated_too(bench: Any, waves: Any) -> None:
    spoilt = bench.trainer(waves(spoil=lambda epoch, _: float("nan") if epoch == 0 else 0.0), waves(1), epochs=2)
    spoilt.run()
    first, second = spoilt.folder.read_metrics()
    assert (first["train_loss"], first["skipped"]) == (0.0, 5)
    assert second["train_loss"] > 0
    assert first["dev_loss"] > second["dev_loss"]
    assert "train_accuracy" not in first
