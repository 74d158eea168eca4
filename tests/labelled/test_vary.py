"""Variations of sound in training."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from echoic.codecs import Scaler
from echoic.config.spectrum import VarySettings
from echoic.labelled.batches import clip_batches
from echoic.labelled.vary import PER_DB, Vary, interpolate
from echoic.tensors import Batch

BANDS = 16

VARIATIONS: dict[str, Any] = {
    "excerpt": {"excerpt_steps": 9},
    "stretch": {"max_stretch": 0.3},
    "shift": {"max_band_shift": 2.0},
    "tilt": {"max_tilt_db": 6.0},
    "noise": {"min_snr_db": 10.0},
}


def varied(clips: list[Tensor], settings: dict[str, Any], epoch: int = 0, multiple: int = 1) -> Batch:
    """All clips in one batch of raw spectra: the scaler changes nothing."""
    plain = Scaler.fit("none", [""], [torch.zeros(2, BANDS)])
    vary = Vary(VarySettings(**settings), plain, multiple)
    (batch,) = clip_batches(clips, torch.zeros(len(clips), 1), len(clips), transforms=[vary]).epoch(0, epoch)
    return batch


def rows(batch: Batch) -> list[Tensor]:
    """The valid steps of each row."""
    assert batch.lengths is not None
    return [one[:length] for one, length in zip(batch.inputs, batch.lengths.tolist(), strict=True)]


@pytest.mark.parametrize("kind", VARIATIONS)
@pytest.mark.parametrize("multiple", [1, 4])
def test_a_variation_differs_each_epoch_and_keeps_padding(kind: str, multiple: int) -> None:
    torch.manual_seed(0)
    clips = [torch.randn(length, BANDS) for length in (30, 12, 25, 1)]
    one, again, other = (varied(clips, VARIATIONS[kind], epoch, multiple) for epoch in (0, 0, 1))
    assert torch.equal(one.inputs, again.inputs)
    assert one.inputs.shape != other.inputs.shape or not torch.equal(one.inputs, other.inputs)
    assert one.inputs.shape[1] % multiple == 0
    assert one.lengths is not None
    assert (one.lengths >= 1).all()
    assert (one.inputs[torch.arange(one.inputs.shape[1]) >= one.lengths[:, None]] == 0).all()


def test_without_settings_nothing_changes() -> None:
    clips = [torch.randn(length, BANDS) for length in (30, 12)]
    for row, clip in zip(rows(varied(clips, {})), clips, strict=True):
        torch.testing.assert_close(row, clip)


def test_an_excerpt_is_any_part_of_a_longer_clip() -> None:
    clips = [torch.arange(30.0)[:, None].expand(30, BANDS)] * 200 + [torch.ones(5, BANDS)]
    *found, short = rows(varied(clips, {"excerpt_steps": 9}))
    begins = {int(row[0, 0]) for row in found}
    assert begins == set(range(22))
    for row in found:
        torch.testing.assert_close(row[:, 0], row[0, 0] + torch.arange(9.0))
    torch.testing.assert_close(short, clips[-1])


def test_stretching_changes_the_speed() -> None:
    clips = [torch.arange(100.0)[:, None].expand(100, BANDS)] * 200
    speeds = torch.tensor([float(row[1, 0]) for row in rows(varied(clips, {"max_stretch": 0.25}))])
    assert 0.8 <= speeds.min() < 0.83
    assert 1.2 < speeds.max() <= 1.25
    assert speeds.log().mean().abs() < 0.03
    for row, speed in zip(rows(varied(clips, {"max_stretch": 0.25})), speeds, strict=True):
        assert len(row) == pytest.approx(100 / float(speed), abs=1)
        torch.testing.assert_close(row[:, 0], (torch.arange(len(row)) * speed).clamp(max=99), atol=1e-2, rtol=1e-4)


def test_a_shift_moves_all_steps_of_a_clip_along_the_bands() -> None:
    clips = [torch.arange(float(BANDS)).expand(5, BANDS)] * 200
    found = torch.stack(rows(varied(clips, {"max_band_shift": 2.5})))
    shifts = found[:, 0, 8] - 8
    assert -2.5 <= shifts.min() < -2.2
    assert 2.2 < shifts.max() <= 2.5
    torch.testing.assert_close(
        found, (torch.arange(BANDS) + shifts[:, None, None]).clamp(0, BANDS - 1).expand_as(found)
    )


def test_a_tilt_is_the_same_for_all_steps_and_limited() -> None:
    found = torch.stack(rows(varied([torch.zeros(5, BANDS)] * 200, {"max_tilt_db": 6.0})))
    assert torch.equal(found[:, 0], found[:, 4])
    assert 5 < found.abs().max() / PER_DB <= 6
    assert (found[:, 0].diff(dim=1).abs() <= 6 * PER_DB * 2 * math.pi / BANDS + 1e-6).all()


def test_noise_fills_the_quiet_steps_up_to_the_least_distance() -> None:
    clip = torch.full((40, BANDS), -20.0)
    clip[:5] = -2.0
    found = torch.stack(rows(varied([clip] * 400, {"min_snr_db": 20.0})))
    assert (found >= clip - 1e-5).all()
    below_db = (-2.0 - found[:, 5:].mean((1, 2))) / PER_DB
    assert 18 < below_db.min() < 24
    assert below_db.max() > 55
    torch.testing.assert_close(found[:, :5], clip[:5].expand(400, 5, BANDS), atol=0.3, rtol=0)


def test_silence_stays_above_the_least_power() -> None:
    found = varied([torch.full((10, BANDS), math.log(1e-10))], {"max_tilt_db": 12.0}).inputs
    assert found.min() >= math.log(1e-10)


@pytest.mark.parametrize("dim", [1, 2])
def test_interpolation_is_that_of_lines(dim: int) -> None:
    slopes = torch.tensor([1.0, -2.0])
    values = (slopes[:, None, None] * torch.arange(12.0).view((1, 12, 1) if dim == 1 else (1, 1, 12))).expand(
        (2, 12, 3) if dim == 1 else (2, 3, 12)
    )
    places = torch.tensor([[0.0, 0.25, 10.9, 11.0], [3.5, 2.0, 0.1, 7.75]])
    found = interpolate(values, places, dim)
    expected = (slopes[:, None] * places).unsqueeze(3 - dim)
    torch.testing.assert_close(found, expected.expand_as(found))
