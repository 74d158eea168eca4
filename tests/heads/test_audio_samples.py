"""The fast tier of raw audio: the compiled kernel against torch, and what noise and history do."""

import pytest
import torch

from echoic import ops
from echoic.config import FastTierSettings
from echoic.heads import AudioSamples, Sampling, SourceStats
from echoic.sound import (
    NUM_LOUDNESS_LEVELS,
    compand,
    expand,
    loudness_power,
    quantize_loudness,
    weights_from_reflections,
)

AGREE = 0.999
"""Share of draws that are the same level: float32 sums of another order move the bounds between levels by some 1e-6."""

WAYS = [
    Sampling(),
    Sampling(temperature=0),
    Sampling(temperature=0.7),
    Sampling(temperature=1.3),
    Sampling(floor=0.002),
    Sampling(temperature=0.8, floor=0.01),
    Sampling(loudness_temperature=1.5),
]


def made(width=9, frame=6, hidden=24, components=3, past=5, noise=0.0, max_loudness=NUM_LOUDNESS_LEVELS - 1):
    torch.manual_seed(0)
    settings = FastTierSettings(fast_hidden_size=hidden, conditioning_size=4, mixture_components=components)
    prediction = weights_from_reflections(torch.linspace(0.8, -0.3, past)).tolist()
    head = AudioSamples(width, frame, 256, settings, SourceStats(prediction, max_loudness), noise)
    # As after some training: distributions that differ from place to place.
    torch.nn.init.normal_(head.mixture.weight, std=0.6)
    torch.nn.init.normal_(head.linear.linear.weight, std=0.1)
    return head.eval()


@pytest.fixture(params=[name for name in ops.AVAILABLE if name != "off"])
def target(request, monkeypatch):
    monkeypatch.setenv("ECHOIC_KERNEL", request.param)


@torch.no_grad()
@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("max_loudness", [12, 18, 24])
def test_no_frame_is_much_louder_than_the_source(max_loudness):
    head, free = made(max_loudness=max_loudness), made()
    params = head(torch.rand(500, 1, head.linear.linear.in_features) * 2 - 1)
    found, unlimited = (one.sampler(Sampling())(params, torch.Generator().manual_seed(1)) for one in (head, free))
    power, before = (expand(drawn[:, 0] / 127.5 - 1, 256).square().mean(-1) for drawn in (found, unlimited))
    most = loudness_power(torch.tensor(max_loudness)) * 10**0.3
    # Levels are coarse: a frame comes back within half of one.
    assert (power < 1.1 * most).all()
    assert (before > 2 * most).any()
    wanted = head.sample(params, torch.Generator().manual_seed(1), Sampling())
    assert (found == wanted).all(-1).float().mean() > AGREE**head.frame_samples


@torch.no_grad()
def test_the_temperature_of_loudness_changes_nothing_but_what_loudness_is_told():
    head, past = made(), 5
    params = head(torch.rand(200, 1, head.linear.linear.in_features) * 2 - 1)
    certain = params.clone()
    scores = certain[..., -past - NUM_LOUDNESS_LEVELS : -past]
    scores.scatter_(-1, scores.argmax(-1, keepdim=True), 1e6)
    found = head.sample(params, torch.Generator().manual_seed(1), Sampling(loudness_temperature=0))
    wanted = head.sample(certain, torch.Generator().manual_seed(1), Sampling())
    assert torch.equal(found, wanted)
    assert not torch.equal(found, head.sample(params, torch.Generator().manual_seed(1), Sampling()))


@torch.no_grad()
@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("sampling", WAYS, ids=str)
@pytest.mark.parametrize("sizes", [{}, {"hidden": 33, "components": 1}, {"past": 1, "frame": 1, "hidden": 5}])
def test_the_kernel_draws_what_torch_draws(sampling, sizes):
    head = made(**sizes)
    rows, width = 2000, head.linear.linear.in_features
    vectors = torch.rand(rows, 1, width) * 2 - 1
    params = head(vectors)
    wanted = head.sample(params, torch.Generator().manual_seed(1), sampling)
    found = head.sampler(sampling)(params, torch.Generator().manual_seed(1))
    assert found.shape == wanted.shape
    assert wanted.unique().numel() > 20
    # A level that differs changes all that follow it in its frame.
    agree = AGREE**head.frame_samples - 0.01 * head.frame_samples * (sampling.temperature == 0)
    assert (found == wanted).all(-1).float().mean() > agree
    assert ((found == wanted)[..., 0]).float().mean() > AGREE


@torch.no_grad()
@pytest.mark.usefixtures("target")
def test_rows_do_not_see_each_other():
    head = made()
    params = head(torch.rand(7, 1, 9) * 2 - 1)
    together = head.sampler(Sampling(temperature=0))(params, torch.Generator().manual_seed(3))
    alone = [head.sampler(Sampling(temperature=0))(row[None], torch.Generator()) for row in params]
    assert torch.equal(together, torch.cat(alone))


@torch.no_grad()
def test_without_kernels_and_with_top_k_torch_draws(monkeypatch):
    head = made()
    params = head(torch.rand(50, 1, 9))
    for sampling in (Sampling(top_k=3), Sampling(top_p=0.5)):
        wanted = head.sample(params, torch.Generator().manual_seed(1), sampling)
        assert torch.equal(head.sampler(sampling)(params, torch.Generator().manual_seed(1)), wanted)
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    wanted = head.sample(params, torch.Generator().manual_seed(1), Sampling())
    assert torch.equal(head.sampler(Sampling())(params, torch.Generator().manual_seed(1)), wanted)


def test_noise_is_on_the_history_and_only_in_training():
    head = made(noise=8.0)
    params, target = head(torch.rand(40, 1, 9)), torch.randint(256, (40, 1, 6)).float()
    still = head.loss(params, target)
    assert torch.equal(head.loss(params, target), still)
    noisy = head.train().loss(params, target)
    # The first sample of a frame has no history but the frame before, whose noise is the encoder's.
    assert torch.equal(noisy[..., 0], still[..., 0])
    assert not torch.equal(noisy[..., 1:], still[..., 1:])


@torch.no_grad()
def test_the_chances_of_all_that_can_come_add_up_to_one_at_most():
    """Loudness is told beside the samples, and takes its share of the chance: never is it more than all."""
    head = made(frame=1, past=1)
    params = head(torch.rand(8, 1, 9) * 2 - 1)
    every = torch.arange(256.0)[:, None, None]
    for row in params:
        total = (-head.loss(row[None].expand(256, *row.shape), every)).exp().sum()
        assert 0.01 < total < 1 + 1e-5


@pytest.mark.slow
@torch.no_grad()
def test_a_frame_is_as_loud_as_it_was_told_to_be():
    """After some training on frames that are soft or loud at random, drawn frames are both, and little between."""
    torch.manual_seed(0)
    head = made(width=8, frame=8, past=5, hidden=32)
    optimizer = torch.optim.Adam(head.parameters(), 5e-3)
    draws = torch.Generator().manual_seed(0)
    vectors = torch.zeros(256, 1, 8)
    for _ in range(500):
        loud = torch.rand(256, 1, 1, generator=draws) < 0.3
        levels = (127.5 + torch.where(loud, 60, 2) * torch.randn(256, 1, 8, generator=draws)).round().clamp(0, 255)
        with torch.enable_grad():
            optimizer.zero_grad()
            head.loss(head(vectors), levels).mean().backward()
        optimizer.step()
    drawn = head.sample(head(torch.zeros(2000, 1, 8)), torch.Generator().manual_seed(1), Sampling())
    spread = (drawn - 127.5).square().mean(-1).sqrt()
    assert (spread > 20).float().mean() == pytest.approx(0.3, abs=0.06)
    assert ((spread > 6) & (spread < 20)).float().mean() < 0.05


@pytest.mark.slow
def test_a_frame_keeps_to_the_power_it_was_told():
    """Of frames of any loudness, all of whose samples are alike but for their size, most come out as they were told."""
    torch.manual_seed(0)
    head = made(width=8, frame=8, past=5, hidden=64)
    optimizer = torch.optim.Adam(head.parameters(), 5e-3)
    draws = torch.Generator().manual_seed(0)

    def learn(vectors):
        size = 10 ** (-torch.rand(256, 1, 1, generator=draws) * 2)
        sound = size * torch.randn(256, 1, 8, generator=draws) / 3
        levels = ((compand(sound, 256).clamp(-1, 1) + 1) * 127.5).round()
        optimizer.zero_grad()
        head.loss(head(vectors), levels).mean().backward()
        optimizer.step()

    for _ in range(600):
        learn(torch.zeros(256, 1, 8))
    told = []
    with torch.no_grad():
        head.loudness.register_forward_hook(lambda _module, asked, _vectors: told.append(asked[0]))
        drawn = head.sample(head(torch.zeros(2000, 1, 8)), torch.Generator().manual_seed(1), Sampling())
    found = quantize_loudness(expand(drawn[:, 0] / 127.5 - 1, 256))
    # Those that came in training. Without knowing what is left, 46 % of them come out right.
    learned = (told[-1] >= 10) & (told[-1] <= 26)
    assert (found == told[-1])[learned].float().mean() > 0.6


def test_linear_prediction_is_what_the_distribution_begins_around():
    """Sound that linear prediction foretells exactly is foretold well before any training."""
    torch.manual_seed(0)
    wave = 0.5 * torch.sin(torch.arange(4000) * 0.3)
    # A pole just within the unit circle.
    weights = [-0.998, float(1.998 * torch.cos(torch.tensor(0.3)))]
    levels = torch.round(
        (torch.sign(wave) * torch.log1p(255 * wave.abs()) / torch.log(torch.tensor(256.0)) + 1) * 127.5
    )
    frames = levels.view(-1, 4)
    vectors = torch.cat([torch.zeros(999, 1), frames[:-1] / 127.5 - 1], 1)[:, None]
    losses = {}
    for name, prediction in {"fitted": weights, "none": [0.0, 0.0]}.items():
        head = AudioSamples(
            5, 4, 256, FastTierSettings(fast_hidden_size=8, conditioning_size=2), SourceStats(prediction)
        ).eval()
        losses[name] = head.loss(head(vectors), frames[1:, None]).mean().item()
    assert losses["fitted"] < losses["none"] - 1
