"""Generators from several seeds."""

import torch

from echoic.windows import Purpose, make_generator


def test_every_seed_and_epoch_has_an_order_of_its_own() -> None:
    orders = {
        tuple(torch.randperm(100, generator=make_generator(seed, epoch)).tolist())
        for seed in range(8)
        for epoch in range(8)
    }
    assert len(orders) == 64


def test_every_purpose_has_random_numbers_of_its_own() -> None:
    keys = [(0, 0), *((0, 0, purpose) for purpose in Purpose), *((0, 0, 1, purpose) for purpose in Purpose)]
    assert len({float(torch.rand((), generator=make_generator(*key))) for key in keys}) == len(keys)
