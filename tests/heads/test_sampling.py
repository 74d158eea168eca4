from typing import Any

import pytest
import torch

from echoic.errors import ConfigError
from echoic.heads import Sampling
from echoic.heads.sampling import draw_uniforms, sample_class

SCORES = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
DRAWS = 40_000


def frequencies(sampling: Sampling, scores: torch.Tensor = SCORES) -> torch.Tensor:
    drawn = sample_class(scores.expand(DRAWS, -1), draw_uniforms((DRAWS,), torch.Generator().manual_seed(0)), sampling)
    return torch.bincount(drawn, minlength=len(scores)) / DRAWS


@pytest.mark.parametrize(
    ("sampling", "wanted"),
    [
        (Sampling(), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(temperature=0), [1, 0, 0, 0]),
        (Sampling(temperature=0.5), [0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365]),
        (Sampling(top_k=2), [0.625, 0.375, 0, 0]),
        (Sampling(top_k=9), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(top_p=0.5), [1, 0, 0, 0]),
        (Sampling(top_p=0.6), [0.625, 0.375, 0, 0]),
        (Sampling(top_p=1e-6), [1, 0, 0, 0]),
        (Sampling(top_p=1.0), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(top_k=3, top_p=0.6), [0.625, 0.375, 0, 0]),
        (Sampling(prob_floor=0.1), [0.4 / 0.65, 0.2 / 0.65, 0.05 / 0.65, 0]),
        (Sampling(prob_floor=0.6), [1, 0, 0, 0]),
    ],
)
def test_frequencies(sampling: Sampling, wanted: list[float]) -> None:
    found = frequencies(sampling)
    torch.testing.assert_close(found, torch.tensor(wanted, dtype=torch.float32), atol=0.015, rtol=0)
    assert found[torch.tensor(wanted) == 0].sum() == 0


@pytest.mark.parametrize(("top_p", "kept"), [(0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (1.0, 4)])
def test_the_nucleus_ends_with_the_class_that_completes_it(top_p: float, kept: int) -> None:
    # Four classes of exactly a quarter each, so that their sums are not rounded.
    assert (frequencies(Sampling(top_p=top_p), torch.zeros(4)) > 0).sum() == kept


def test_a_class_of_probability_zero_is_never_drawn() -> None:
    barred = torch.tensor([-torch.inf, 0.0, -torch.inf, 0.0, -torch.inf])
    assert frequencies(Sampling(), barred)[[0, 2, 4]].sum() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1},
        {"temperature": 1e-300},
        {"temperature": 1e308},
        {"temperature": float("nan")},
        {"top_k": 0},
        {"top_p": 0},
        {"top_p": 1.5},
        {"prob_floor": 1},
        {"loudness_temperature": -1},
    ],
)
def test_values_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    with pytest.raises(ConfigError, match=f"`{name}` must"):
        Sampling(**wrong)
