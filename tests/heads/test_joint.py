"""The loss of chords: value and gradient against the product of the conditional probabilities, note by note."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from echoic.errors import KernelError
from echoic.heads import Joint, blocks

NOTES, HIDDEN, WIDTH = 7, 5, 3


def made(dropout: float = 0.0, per_pitch: int = 1) -> Joint:
    torch.manual_seed(0)
    head = Joint(WIDTH, NOTES, HIDDEN, dropout, per_pitch).double()
    torch.nn.init.normal_(head.chosen.weight)
    torch.nn.init.normal_(head.last.weight)
    return head


def chords() -> Tensor:
    """All sets of up to all notes, silence among them, in two rows."""
    every = torch.tensor([[number >> note & 1 for note in range(NOTES)] for number in range(2**NOTES)])
    return every.double().view(2, -1, NOTES)


def plain_nll(head: Joint, params: Tensor, chord: Tensor, kept: Tensor) -> Tensor:
    """Of one chord, by the definition; `kept` are the factors of the hidden units of each choice."""
    order = [note for note in reversed(range(NOTES)) if chord[note]] + [NOTES]
    chosen, last, nll = torch.zeros(NOTES).double(), NOTES, params.new_zeros(())
    for factor, choice in zip(kept, order, strict=True):
        hidden = torch.relu(params + head.chosen.weight @ chosen + head.last.weight[last]) * factor
        logits = head.logits.weight @ hidden + head.logits.bias
        if last < NOTES:
            is_free = [note // head.per_pitch < last // head.per_pitch for note in range(NOTES)]
            logits = torch.where(torch.tensor([*is_free, True]), logits, -torch.inf)
        nll = nll + functional.cross_entropy(logits, torch.tensor(choice))
        if choice < NOTES:
            chosen, last = chosen + functional.one_hot(torch.tensor(choice), NOTES), choice
    return nll


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("rows", [3, 1024])
def test_loss_and_gradient_are_those_of_the_definition(
    dropout: float, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "_ROWS", rows)
    head, targets = made(dropout), chords()
    context = torch.randn(2, targets.shape[1], WIDTH).double().requires_grad_()
    inputs = [context, *head.parameters()]
    upstream = torch.randn(targets.shape[:2]).double()
    torch.manual_seed(1)
    found = head.loss(head(context), targets)[..., 0]
    gradients = torch.autograd.grad(found, inputs, upstream)

    sizes = (targets.flatten(0, 1).sum(1).long() + 1).tolist()
    torch.manual_seed(1)
    kept = head.dropout(torch.ones(sum(sizes), HIDDEN).double()).split(sizes)
    params = head(context).flatten(0, 2)
    wanted = torch.stack(
        [plain_nll(head, *one) for one in zip(params, targets.flatten(0, 1), kept, strict=True)]
    ).view_as(found)
    torch.testing.assert_close(found, wanted)
    for one, other in zip(gradients, torch.autograd.grad(wanted, inputs, upstream), strict=True):
        torch.testing.assert_close(one, other)


def test_two_states_of_a_pitch_exclude_each_other() -> None:
    head = made(per_pitch=2)
    pair = torch.zeros(1, 1, NOTES).double()
    pair[..., 2:4] = 1
    assert head.loss(head(torch.randn(1, 1, WIDTH).double()), pair).isinf().all()


def test_all_chords_of_a_step_are_silent() -> None:
    head = made()
    context = torch.randn(1, 4, WIDTH).double()
    loss = head.loss(head(context), torch.zeros(1, 4, NOTES).double())
    kept = torch.ones(1, HIDDEN)
    for one, params in zip(loss.flatten(), head(context).flatten(0, 2), strict=True):
        torch.testing.assert_close(one, plain_nll(head, params, torch.zeros(NOTES), kept))


def test_a_gradient_penalty_is_refused_rather_than_left_out() -> None:
    head, params = made(), torch.randn(2, 2**NOTES // 2, 1, HIDDEN, dtype=torch.float64, requires_grad=True)
    loss = head.loss(params, chords()).sum()
    (slope,) = torch.autograd.grad(loss, params, create_graph=True)
    with pytest.raises(KernelError, match="no second derivatives"):
        torch.autograd.grad(loss + slope.square().sum(), head.logits.weight)
