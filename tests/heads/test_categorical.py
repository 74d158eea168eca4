"""The softmax over classes: class weights in training and only there, and weights that are an embedding's."""

import pytest
import torch
from torch.nn import functional

from echoic.heads import Categorical

PARAMS = torch.tensor([[[[0.0, 1.0, -1.0]], [[2.0, 0.0, 0.0]], [[0.5, 0.5, 3.0]]]])
TARGETS = torch.tensor([[[0.0], [1.0], [2.0]]])
WEIGHTS = torch.tensor([4.0, 0.5, 1.0])


def test_class_weights_scale_the_loss_of_each_class_in_training() -> None:
    plain = Categorical(3, 3).train().loss(PARAMS, TARGETS)
    weighted = Categorical(3, 3, weights=WEIGHTS).train().loss(PARAMS, TARGETS)
    torch.testing.assert_close(weighted, plain * WEIGHTS[None, :, None])


def test_class_weights_do_not_count_in_evaluation() -> None:
    plain = Categorical(3, 3).eval().loss(PARAMS, TARGETS)
    assert torch.equal(Categorical(3, 3, weights=WEIGHTS).eval().loss(PARAMS, TARGETS), plain)


def test_the_loss_is_the_cross_entropy_of_torch() -> None:
    expected = functional.cross_entropy(PARAMS.view(3, 3), TARGETS.long().view(3), reduction="none")
    torch.testing.assert_close(Categorical(3, 3).loss(PARAMS, TARGETS).view(3), expected)


def test_tied_weights_share_the_embedding_and_have_their_own_bias() -> None:
    embedding = torch.nn.Embedding(3, 4)
    head = Categorical(4, 3, tied=lambda: embedding.weight)
    assert [name for name, _ in head.named_parameters()] == ["linear.bias"]
    with torch.no_grad():
        head.linear.bias.add_(torch.tensor([0.0, 1.0, 2.0]))
    hidden = torch.randn(2, 5, 4)
    expected = hidden @ embedding.weight.T + torch.tensor([0.0, 1.0, 2.0])
    torch.testing.assert_close(head.linear(hidden), expected)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_class_weights_are_not_saved(weights: torch.Tensor | None) -> None:
    assert set(Categorical(3, 3, weights=weights).state_dict()) == {"linear.weight", "linear.bias"}
