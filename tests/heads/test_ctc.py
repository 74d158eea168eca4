"""The likelihood of texts, against a sum over all alignments in float64."""

import itertools
import math

import pytest
import torch

from echoic.heads import CTC
from echoic.heads.ctc import BLANK, collapsed, steps_required

WIDTH, UNITS = 3, 3


def head_and_params(steps: int, seed: int = 0) -> tuple[CTC, torch.Tensor]:
    torch.manual_seed(seed)
    head = CTC(WIDTH, UNITS).double()
    return head, head(torch.randn(1, steps, WIDTH).double() * 2)


def text_of_alignment(classes: tuple[int, ...]) -> tuple[int, ...]:
    """Repeats become one, blanks are left out: written out once more, as plainly as can be."""
    units, before = [], BLANK
    for one in classes:
        if one not in (before, BLANK):
            units.append(one - 1)
        before = one
    return tuple(units)


def sums_over_alignments(params: torch.Tensor, early_steps: int = 0) -> dict[tuple[int, ...], float]:
    """The probability of every text: the sum over alignments, which begin with blanks, of the product over steps."""
    log_probs = params[0, :, 0].log_softmax(-1).tolist()
    found: dict[tuple[int, ...], float] = {}
    for classes in itertools.product(range(UNITS + 1), repeat=len(log_probs)):
        if any(classes[:early_steps]):
            continue
        prob = math.exp(sum(step[one] for step, one in zip(log_probs, classes, strict=True)))
        text = text_of_alignment(classes)
        found[text] = found.get(text, 0.0) + prob
    return found


def loss_of(head: CTC, params: torch.Tensor, text: tuple[int, ...], steps: int, progress: float = 1.0) -> torch.Tensor:
    units = torch.tensor(text, dtype=torch.float64).view(1, -1, 1)
    return head.text_loss(params, torch.tensor([steps]), units, torch.ones_like(units, dtype=torch.bool), progress)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_loss_of_every_text_is_that_of_all_its_alignments(steps: int, seed: int) -> None:
    head, params = head_and_params(steps, seed)
    texts = sums_over_alignments(params)
    assert sum(texts.values()) == pytest.approx(1.0, abs=1e-12)
    for text, prob in texts.items():
        if text:
            assert loss_of(head, params, text, steps).item() == pytest.approx(-math.log(prob), rel=1e-9)


def test_rows_of_unequal_steps_and_texts_are_each_alone() -> None:
    torch.manual_seed(0)
    head = CTC(WIDTH, UNITS).double()
    params = head(torch.randn(3, 6, WIDTH).double())
    texts, steps = [(0, 0, 1), (2,), (1, 2, 1, 0)], [6, 3, 5]
    units, mask = torch.zeros(3, 4, 1).double(), torch.zeros(3, 4, 1, dtype=torch.bool)
    for row, text in enumerate(texts):
        units[row, : len(text), 0] = torch.tensor(text).double()
        mask[row, : len(text)] = True
    together = head.text_loss(params, torch.tensor(steps), units, mask)
    for row, (text, count) in enumerate(zip(texts, steps, strict=True)):
        alone = loss_of(head, params[row : row + 1, :count], text, count)
        assert together[row].item() == pytest.approx(alone.item(), rel=1e-12)


def test_gradients_of_the_loss_of_texts_are_right() -> None:
    head, _ = head_and_params(1)
    vectors = torch.randn(1, 5, WIDTH).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda vectors: loss_of(head, head(vectors), (1, 1, 0), 5), [vectors])


@pytest.mark.parametrize("text", [(0,), (0, 1), (0, 0), (2, 2, 2), (0, 1, 1, 0)])
def test_a_text_has_an_alignment_from_so_many_steps_on(text: tuple[int, ...]) -> None:
    needed = steps_required(list(text))
    head, params = head_and_params(needed)
    assert torch.isfinite(loss_of(head, params, text, needed)).all()
    if needed > 1:
        assert torch.isinf(loss_of(head, params[:, 1:], text, needed - 1)).all()


def test_an_alignment_collapses_to_its_text() -> None:
    for classes in itertools.product(range(UNITS + 1), repeat=4):
        assert tuple(collapsed(torch.tensor(classes))) == text_of_alignment(classes)


@pytest.mark.parametrize(
    ("text", "early_steps"),
    # Half of the steps that a unit takes on average: 6 / 2, 6 / 4, 6 / 6; at most what leaves steps for the text.
    [((1,), 3), ((0, 1), 1), ((0, 2, 1), 1), ((0, 0, 1), 1), ((0, 1, 0, 1, 0), 0), ((1, 1, 1, 0), 0)],
)
def test_early_blanks_leave_the_alignments_that_begin_with_blanks(text: tuple[int, ...], early_steps: int) -> None:
    _, params = head_and_params(6)
    head = CTC(WIDTH, UNITS, early_blanks=0.5)
    wanted = sums_over_alignments(params, early_steps)[text]
    assert loss_of(head, params, text, 6, progress=0.49).item() == pytest.approx(-math.log(wanted), rel=1e-9)
    every = sums_over_alignments(params)[text]
    for progress in (0.5, 1.0):
        assert loss_of(head, params, text, 6, progress).item() == pytest.approx(-math.log(every), rel=1e-9)


def test_early_blanks_of_a_batch_are_those_of_each_row() -> None:
    torch.manual_seed(0)
    head = CTC(WIDTH, UNITS, early_blanks=1.0).double()
    params = head(torch.randn(2, 8, WIDTH).double())
    texts, steps = [(0, 0, 1), (2,)], [8, 5]
    units, mask = torch.zeros(2, 3, 1).double(), torch.zeros(2, 3, 1, dtype=torch.bool)
    for row, text in enumerate(texts):
        units[row, : len(text), 0] = torch.tensor(text).double()
        mask[row, : len(text)] = True
    together = head.text_loss(params, torch.tensor(steps), units, mask, 0.0)
    for row, (text, count) in enumerate(zip(texts, steps, strict=True)):
        alone = loss_of(head, params[row : row + 1, :count], text, count, 0.0)
        assert together[row].item() == pytest.approx(alone.item(), rel=1e-12)


def test_blanks_of_the_first_steps_are_learned() -> None:
    head = CTC(WIDTH, UNITS, early_blanks=1.0).double()
    params = torch.zeros(1, 6, 1, UNITS + 1, dtype=torch.float64, requires_grad=True)
    loss_of(head, params, (1,), 6, 0.0).sum().backward()
    assert params.grad is not None
    assert (params.grad[0, :3, 0, BLANK] < -0.5).all()
    assert (params.grad[0, :3, 0, 1:] > 0).all()
