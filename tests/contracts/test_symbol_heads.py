"""The contract of every head for symbols: an exact likelihood, and draws that follow it."""

import itertools
from collections.abc import Callable

import pytest
import torch

from echoic.config import FastTierSettings
from echoic.heads import (
    CTC,
    SYMBOL_HEADS,
    AudioSamples,
    Bernoulli,
    Categorical,
    Joint,
    Sampling,
    SourceStats,
    SymbolHead,
)
from echoic.sound import NUM_LOUDNESS_LEVELS

WIDTH, NOTES = 3, 4
DRAWS = 20_000
DRAW_ERROR = 0.02  # beyond five deviations of a frequency of 20,000 draws


def subsets(notes: int) -> list[list[float]]:
    return [list(map(float, bits)) for bits in itertools.product([0, 1], repeat=notes)]


def one_state_a_pitch(chord: list[float]) -> bool:
    return all(chord[at] + chord[at + 1] <= 1 for at in range(0, len(chord), 2))


FAST_TIER = FastTierSettings(fast_hidden_size=16, conditioning_size=4, mixture_components=2)

CASES: dict[str, tuple[Callable[[], SymbolHead], list[list[float]]]] = {
    "categorical": (lambda: Categorical(WIDTH, NOTES), [[float(symbol)] for symbol in range(NOTES)]),
    "ctc": (lambda: CTC(WIDTH, NOTES - 1), [[float(symbol)] for symbol in range(NOTES)]),
    "bernoulli": (lambda: Bernoulli(WIDTH, NOTES), subsets(NOTES)),
    "joint": (lambda: Joint(WIDTH, NOTES, 8, 0.0), subsets(NOTES)),
    "joint, onsets": (lambda: Joint(WIDTH, 6, 8, 0.0, per_pitch=2), list(filter(one_state_a_pitch, subsets(6)))),
    "audio_samples": (
        lambda: AudioSamples(WIDTH, 2, 3, FAST_TIER, SourceStats((-0.3, 0.9))),
        [list(map(float, levels)) for levels in itertools.product(range(3), repeat=2)],
    ),
}
"""A head, and all possible outcomes of a step."""

NAMES = list(CASES)


def test_every_head_has_its_case() -> None:
    assert {name.split(",")[0] for name in CASES} == SYMBOL_HEADS.keys()


def made(name: str, seed: int = 0) -> tuple[SymbolHead, torch.Tensor]:
    torch.manual_seed(seed)
    build, outcomes = CASES[name]
    head = build().double()
    for weights in head.parameters():
        torch.nn.init.normal_(weights)
    return head.eval(), torch.tensor(outcomes, dtype=torch.float64)


def likelihoods(head: SymbolHead, vector: torch.Tensor, outcomes: torch.Tensor) -> torch.Tensor:
    """The probability of each outcome after the same hidden vector."""
    params = head(vector.expand(1, len(outcomes), -1))
    if isinstance(head, AudioSamples):
        # Its loss includes the loudness; here the likelihood is that of the samples alone.
        levels = [torch.full((len(outcomes),), loud) for loud in range(NUM_LOUDNESS_LEVELS)]
        nll = torch.stack([head.nll_given_loudness(params, outcomes[None], loud).sum(-1)[0] for loud in levels])
        return torch.exp(-nll).sum(0)
    return torch.exp(-head.loss(params, outcomes[None]).sum(-1))[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_the_likelihoods_of_all_outcomes_add_up_to_one(name: str, seed: int) -> None:
    head, outcomes = made(name, seed)
    total = likelihoods(head, torch.randn(WIDTH).double(), outcomes).sum()
    assert total.item() == pytest.approx(1.0, abs=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_frequencies_of_draws_equal_their_likelihood(name: str) -> None:
    head, outcomes = made(name)
    vector = torch.randn(WIDTH).double()
    params = head(vector.expand(1, DRAWS, -1))
    drawn = head.sample(params, torch.Generator().manual_seed(1))[0]
    counts = (drawn[:, None] == outcomes[None]).all(-1).sum(0)
    assert counts.sum() == DRAWS, "a draw lies outside of what a step can be"
    frequency = counts.double() / DRAWS
    torch.testing.assert_close(frequency, likelihoods(head, vector, outcomes), atol=DRAW_ERROR, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_a_low_temperature_approaches_the_mode(name: str) -> None:
    head, _ = made(name)
    params = head(torch.randn(2, 5, WIDTH).double())
    cold = head.sample(params, torch.Generator().manual_seed(0), Sampling(temperature=1e-4))
    assert torch.equal(cold, head.mode(params))
    assert torch.equal(cold, head.sample(params, torch.Generator(), Sampling(temperature=0)))


@pytest.mark.parametrize("name", NAMES)
def test_a_prediction_is_correct_if_all_of_it_equals_the_target(name: str) -> None:
    head, outcomes = made(name)
    target = outcomes[torch.randint(len(outcomes), (6, 50))]
    params = head(torch.randn(6, 50, WIDTH).double())
    correct = head.correct(params, target)
    if isinstance(head, Joint | AudioSamples):
        assert correct is None, "the mode of these heads is not the most probable outcome"
    else:
        assert correct is not None
        assert correct.tolist() == [
            [[step == wanted] for step, wanted in zip(row, wanted_row, strict=True)]
            for row, wanted_row in zip(head.mode(params).tolist(), target.tolist(), strict=True)
        ]
        assert 0 < correct.float().mean() < 1


@pytest.mark.parametrize("name", NAMES)
def test_the_seed_decides_the_draws(name: str) -> None:
    head, _ = made(name)
    params = head(torch.randn(2, 50, WIDTH).double())
    first, again, other = (head.sample(params, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_independent(name: str) -> None:
    head, outcomes = made(name)
    vectors = torch.randn(2, 3, WIDTH).double()
    target = outcomes[torch.randint(len(outcomes), (2, 3))]
    whole = head.loss(head(vectors), target).sum(-1)
    for row, step in itertools.product(range(2), range(3)):
        alone = head.loss(head(vectors[row : row + 1, step : step + 1]), target[row : row + 1, step : step + 1])
        assert alone.sum().item() == pytest.approx(whole[row, step].item(), abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_the_loss_are_right(name: str) -> None:
    head, outcomes = made(name)
    vectors = torch.randn(1, 4, WIDTH).double().requires_grad_()
    target = outcomes[torch.randint(len(outcomes), (1, 4))]
    assert torch.autograd.gradcheck(lambda vectors: head.loss(head(vectors), target), [vectors])


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_is_learned(name: str) -> None:
    """Two hidden vectors, each with its own outcome."""
    head, outcomes = made(name)
    head = head.float().train()
    vectors, target = torch.eye(WIDTH)[None, :2], outcomes[None, [1, -1]].float()
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(400):
        optimizer.zero_grad()
        loss = head.loss(head(vectors), target).sum()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1
    assert torch.equal(head.eval().mode(head(vectors)), target)


@pytest.mark.parametrize("size", [0.0, 1e3, -1e3])
@pytest.mark.parametrize("name", NAMES)
def test_loss_and_gradients_stay_finite_at_extreme_vectors(name: str, size: float) -> None:
    head, outcomes = made(name)
    head = head.float()
    vectors = torch.full((1, len(outcomes), WIDTH), size, requires_grad=True)
    loss = head.loss(head(vectors), outcomes[None].float())
    loss.sum().backward()
    assert torch.isfinite(loss).all()
    assert vectors.grad is not None
    assert torch.isfinite(vectors.grad).all()
