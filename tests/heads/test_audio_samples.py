"""The fast tier of raw audio: the compiled kernel against torch, noise and history."""

from functools import cache

import pytest
import torch
from narrowing import expect_type

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
"""Fraction of equal codes; float32 sums in another order move the bounds between codes by about 1e-6."""

WAYS = [
    Sampling(),
    Sampling(temperature=0),
    Sampling(temperature=0.7),
    Sampling(temperature=1.3),
    Sampling(prob_floor=0.002),
    Sampling(temperature=0.8, prob_floor=0.01),
    Sampling(loudness_temperature=1.5),
]


def made(
    width: int = 9,
    frame: int = 6,
    hidden: int = 24,
    components: int = 3,
    past: int = 5,
    noise: float = 0.0,
    max_loudness: int = NUM_LOUDNESS_LEVELS - 1,
) -> AudioSamples:
    torch.manual_seed(0)
    settings = FastTierSettings(fast_hidden_size=hidden, conditioning_size=4, mixture_components=components)
    prediction = weights_from_reflections(torch.linspace(0.8, -0.3, past)).tolist()
    head = AudioSamples(width, frame, 256, settings, SourceStats(prediction, max_loudness), noise)
    # As after some training: distributions that depend on the position.
    torch.nn.init.normal_(head.mixture.weight, std=0.6)
    torch.nn.init.normal_(head.get_parameter("linear.linear.weight"), std=0.1)
    return head.eval()


def width_of(head: AudioSamples) -> int:
    return head.get_parameter("linear.linear.weight").shape[1]


@pytest.fixture(params=[name for name in ops.AVAILABLE if name != "off"])
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", request.param)


@torch.no_grad()
@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("max_loudness", [12, 18, 24])
def test_no_frame_is_much_louder_than_the_source(max_loudness: int) -> None:
    head, free = made(max_loudness=max_loudness), made()
    params = head(torch.rand(500, 1, width_of(head)) * 2 - 1)
    found, unlimited = (one.sampler(Sampling())(params, torch.Generator().manual_seed(1)) for one in (head, free))
    power, before = (expand(drawn[:, 0] / 127.5 - 1, 256).square().mean(-1) for drawn in (found, unlimited))
    most = loudness_power(torch.tensor(max_loudness)) * 10**0.3
    # Codes are coarse: a frame comes back within half a code.
    assert (power < 1.1 * most).all()
    assert (before > 2 * most).any()
    wanted = head.sample(params, torch.Generator().manual_seed(1), Sampling())
    assert (found == wanted).all(-1).float().mean() > AGREE**head.frame_samples


@torch.no_grad()
@pytest.mark.parametrize("max_loudness", [12, NUM_LOUDNESS_LEVELS - 1])
def test_the_loudest_predicted_frame_is_as_loud_as_the_loudest_of_the_source(max_loudness: int) -> None:
    head, past, predicted = made(max_loudness=max_loudness), 5, []
    params = head(torch.rand(500, 1, expect_type(torch.nn.Linear, head.linear.linear).in_features))
    params[..., -past - NUM_LOUDNESS_LEVELS : -past] = torch.arange(float(NUM_LOUDNESS_LEVELS))
    head.loudness.register_forward_hook(lambda _module, inputs, _vectors: predicted.append(inputs[0]))
    head.sample(params, torch.Generator().manual_seed(1), Sampling())
    assert predicted[0].max() == max_loudness


def test_by_default_every_loudness_is_predicted() -> None:
    assert SourceStats([0.5]).max_loudness == NUM_LOUDNESS_LEVELS - 1


@torch.no_grad()
def test_the_loudness_temperature_changes_the_predicted_loudness_only() -> None:
    head, past = made(), 5
    params = head(torch.rand(200, 1, width_of(head)) * 2 - 1)
    certain = params.clone()
    scores = certain[..., -past - NUM_LOUDNESS_LEVELS : -past]
    scores.scatter_(-1, scores.argmax(-1, keepdim=True), 1e6)
    found = head.sample(params, torch.Generator().manual_seed(1), Sampling(loudness_temperature=0))
    wanted = head.sample(certain, torch.Generator().manual_seed(1), Sampling())
    assert torch.equal(found, wanted)
    assert not torch.equal(found, head.sample(params, torch.Generator().manual_seed(1), Sampling()))


SIZES = [{}, {"hidden": 33, "components": 1}, {"past": 1, "frame": 1, "hidden": 5}]


@cache
@torch.no_grad()
def drawn_by_torch(sampling: Sampling, size: int) -> tuple[AudioSamples, torch.Tensor, torch.Tensor]:
    """A head, what it predicts, and what torch draws from that: the same for all targets."""
    head = made(**SIZES[size])
    params = head(torch.rand(2000, 1, width_of(head)) * 2 - 1)
    return head, params, head.sample(params, torch.Generator().manual_seed(1), sampling)


@torch.no_grad()
@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("sampling", WAYS, ids=str)
@pytest.mark.parametrize("size", range(len(SIZES)))
def test_the_kernel_draws_the_same_as_torch(sampling: Sampling, size: int) -> None:
    head, params, wanted = drawn_by_torch(sampling, size)
    found = head.sampler(sampling)(params, torch.Generator().manual_seed(1))
    assert found.shape == wanted.shape
    assert wanted.unique().numel() > 20
    # A code that differs changes all later ones of its frame.
    agree = AGREE**head.frame_samples - 0.01 * head.frame_samples * (sampling.temperature == 0)
    assert (found == wanted).all(-1).float().mean() > agree
    assert ((found == wanted)[..., 0]).float().mean() > AGREE


@torch.no_grad()
@pytest.mark.usefixtures("target")
def test_rows_are_independent() -> None:
    head = made()
    params = head(torch.rand(7, 1, 9) * 2 - 1)
    together = head.sampler(Sampling(temperature=0))(params, torch.Generator().manual_seed(3))
    alone = [head.sampler(Sampling(temperature=0))(row[None], torch.Generator()) for row in params]
    assert torch.equal(together, torch.cat(alone))


@torch.no_grad()
def test_torch_samples_without_kernels_and_with_top_k(monkeypatch: pytest.MonkeyPatch) -> None:
    head = made()
    params = head(torch.rand(50, 1, 9))
    for sampling in (Sampling(top_k=3), Sampling(top_p=0.5)):
        wanted = head.sample(params, torch.Generator().manual_seed(1), sampling)
        assert torch.equal(head.sampler(sampling)(params, torch.Generator().manual_seed(1)), wanted)
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    wanted = head.sample(params, torch.Generator().manual_seed(1), Sampling())
    assert torch.equal(head.sampler(Sampling())(params, torch.Generator().manual_seed(1)), wanted)


def test_noise_is_on_the_history_and_only_in_training() -> None:
    head = made(noise=8.0)
    params, target = head(torch.rand(40, 1, 9)), torch.randint(256, (40, 1, 6)).float()
    still = head.loss(params, target)
    assert torch.equal(head.loss(params, target), still)
    noisy = head.train().loss(params, target)
    # The history of the first sample is the previous frame, whose noise is the encoder's.
    assert torch.equal(noisy[..., 0], still[..., 0])
    assert not torch.equal(noisy[..., 1:], still[..., 1:])


@torch.no_grad()
def test_the_probabilities_of_all_frames_add_up_to_at_most_one() -> None:
    """A predicted loudness that is not the true one has a part of the probability."""
    head = made(frame=1, past=1)
    params = head(torch.rand(8, 1, 9) * 2 - 1)
    every = torch.arange(256.0)[:, None, None]
    for row in params:
        total = (-head.loss(row[None].expand(256, *row.shape), every)).exp().sum()
        assert 0.01 < total < 1 + 1e-5


@pytest.mark.slow
@torch.no_grad()
def test_a_frame_has_its_predicted_loudness() -> None:
    """After training on frames that are soft or loud at random, sampled frames are soft or loud as well."""
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
def test_a_frame_keeps_to_its_predicted_power() -> None:
    """Most sampled frames have the predicted loudness, after training on frames that differ in loudness only."""
    torch.manual_seed(0)
    head = made(width=8, frame=8, past=5, hidden=64)
    optimizer = torch.optim.Adam(head.parameters(), 5e-3)
    draws = torch.Generator().manual_seed(0)

    def learn(vectors: torch.Tensor) -> None:
        size = 10 ** (-torch.rand(256, 1, 1, generator=draws) * 2)
        sound = size * torch.randn(256, 1, 8, generator=draws) / 3
        levels = ((compand(sound, 256).clamp(-1, 1) + 1) * 127.5).round()
        optimizer.zero_grad()
        head.loss(head(vectors), levels).mean().backward()
        optimizer.step()

    for _ in range(600):
        learn(torch.zeros(256, 1, 8))
    predicted = []
    with torch.no_grad():
        head.loudness.register_forward_hook(lambda _module, inputs, _vectors: predicted.append(inputs[0]))
        drawn = head.sample(head(torch.zeros(2000, 1, 8)), torch.Generator().manual_seed(1), Sampling())
    found = quantize_loudness(expand(drawn[:, 0] / 127.5 - 1, 256))
    # Levels of the training frames. Without the remaining power as input, 46 % are correct.
    learned = (predicted[-1] >= 10) & (predicted[-1] <= 26)
    assert (found == predicted[-1])[learned].float().mean() > 0.6


def test_the_distribution_is_centred_on_linear_prediction_before_training() -> None:
    """Sound that linear prediction predicts exactly has a high likelihood before training."""
    torch.manual_seed(0)
    wave = 0.5 * torch.sin(torch.arange(4000) * 0.3)
    # A pole just inside the unit circle.
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
