"""What every codec of spectra promises: librosa's numbers, sound back within its error, pieces as the whole, JSON."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from uncompiled import librosa

from echoic.codecs import LogMel, MuLaw, Spectrogram
from echoic.errors import DataError

RATE_HZ = 16_000
HOP = 128
CODECS = [Spectrogram(HOP), LogMel.full_band(RATE_HZ, HOP, 64)]
SPECTRAL_ERROR = 0.15
"""Of magnitudes: for speech it is 6 % (Spectrogram) and 8 % (LogMel); noise is harder."""


def voice(seconds: int = 2, seed: int = 0) -> torch.Tensor:
    """Harmonics of a pitch that glides, in syllables, and some noise."""
    draws = np.random.default_rng(seed)
    time_s = np.arange(seconds * RATE_HZ) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(180 + 60 * np.sin(2 * np.pi * 0.7 * time_s)) / RATE_HZ
    tones = np.sum([np.sin(n * phase) / n for n in range(1, 12)], 0)
    syllables = np.clip(np.sin(2 * np.pi * 3 * time_s), 0, None)
    return torch.tensor(0.2 * tones * syllables + 1e-3 * draws.standard_normal(len(time_s)), dtype=torch.float32)


def back(codec: Spectrogram | LogMel, frames: torch.Tensor) -> torch.Tensor:
    return torch.cat(list(codec.decode(frames[:, None])), 1)[0]


@pytest.mark.slow
@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_frames_are_those_of_librosa(codec: Spectrogram | LogMel) -> None:
    sound = voice()
    magnitudes = np.abs(librosa.stft(sound.numpy(), n_fft=4 * HOP, hop_length=HOP, center=False))
    if isinstance(codec, LogMel):
        theirs = librosa.feature.melspectrogram(S=magnitudes**2, sr=RATE_HZ, n_fft=4 * HOP, n_mels=64)
        wanted = np.log(np.maximum(theirs, 1e-10))
    else:
        wanted = np.log(np.maximum(magnitudes, 1e-5))
    # 60 dB below the loudest, float32 rounds more than this.
    loud = wanted > wanted.max() - (14 if isinstance(codec, LogMel) else 7)
    np.testing.assert_allclose(codec.encode(sound).numpy().T[loud], wanted[loud], atol=1e-4)
    assert codec.encode(sound).shape == wanted.T.shape == (len(wanted.T), codec.frame_size)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_decoded_sound_has_the_encoded_spectra(codec: Spectrogram | LogMel) -> None:
    frames = codec.encode(voice())
    sound = back(codec, frames)
    assert len(sound) == (len(frames) - 1) * HOP + 4 * HOP
    found = codec.encode(sound)
    assert (found.exp() - frames.exp()).norm() < SPECTRAL_ERROR * frames.exp().norm()


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_silence_is_decoded_as_silence(codec: Spectrogram | LogMel) -> None:
    assert back(codec, codec.encode(torch.zeros(4000))).abs().max() == 0


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_sound_is_made_as_frames_come_three_late_and_the_future_changes_nothing(codec: Spectrogram | LogMel) -> None:
    frames = codec.encode(voice())
    other = frames.clone()
    other[40:] = -2
    first, second = (torch.cat(list(codec.decode(rows[:, None])), 1)[0] for rows in (frames, other))
    assert torch.equal(first[: 37 * HOP], second[: 37 * HOP])
    assert not torch.equal(first[37 * HOP :], second[37 * HOP :])
    taken: list[int] = []

    def read() -> Iterator[torch.Tensor]:
        for number in range(len(frames)):
            taken.append(number)
            yield frames[number : number + 1]

    pieces = codec.decode(read())
    next(pieces)
    assert len(taken) == 4


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_streams_are_independent(codec: Spectrogram | LogMel) -> None:
    # In double precision: sums of matrices of other shapes round differently, and phases amplify that.
    one, two = (codec.encode(voice(1, seed=seed).double()) for seed in (1, 2))
    together = torch.cat(list(codec.decode(torch.stack([one, two], 1))), 1)
    for row, frames in zip(together, (one, two), strict=True):
        torch.testing.assert_close(row[:2000], back(codec, frames)[:2000], atol=1e-6, rtol=0)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_pieces_of_sound_give_the_frames_of_the_whole(codec: Spectrogram | LogMel) -> None:
    sound = voice(1)
    pieces = [codec.encode(sound[at : at + 11 * HOP]) for at in range(0, len(sound), 8 * HOP)]
    torch.testing.assert_close(torch.cat(pieces), codec.encode(sound), atol=1e-5, rtol=1e-5)
    assert codec.encode(sound[: 4 * HOP - 1]).shape == (0, codec.frame_size)


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: type(codec).__name__)
def test_json_gives_the_codec_back(codec: Spectrogram | LogMel) -> None:
    assert type(codec).from_json(json.loads(json.dumps(codec.to_json()))) == codec


@pytest.mark.parametrize(("window", "hop"), [(64, 16), (64, 100), (50, 7)])
def test_blocks_of_any_size_give_the_frames_of_the_whole(window: int, hop: int) -> None:
    codec = LogMel(RATE_HZ, window, hop, 10, 0.0, 8000.0)
    sound = torch.randn(3000, generator=torch.Generator().manual_seed(0))
    for sizes in ([1] * 3000, [37, 2, 0, 500, 1, 2460], [3000]):
        frames = torch.cat(list(codec.encode_blocks(torch.split(sound, sizes))))
        torch.testing.assert_close(frames, codec.encode(sound))


def test_sound_of_windows_that_overlap_otherwise_cannot_be_made() -> None:
    codec = LogMel(RATE_HZ, 400, 160, 40, 0.0, 8000.0)
    with pytest.raises(ValueError, match="windows of 4 hops"):
        codec.decode([])


@pytest.mark.parametrize("pre_emphasis", [0.0, 0.85])
def test_levels_give_sound_back_within_the_error_that_is_stated(pre_emphasis: float) -> None:
    sound = voice().numpy()
    codec = MuLaw.fit([sound, np.float32(0.5) * sound], pre_emphasis)
    emphasised = sound.astype(np.float64) - pre_emphasis * np.concatenate([[0.0], sound[:-1]])
    np.testing.assert_array_equal(codec.pre_emphasized(sound), emphasised)
    assert codec.scale == pytest.approx(np.abs(emphasised).max())
    levels = codec.encode(sound)
    assert (np.abs(codec.code_values[levels] - emphasised) <= codec.quantization_error(emphasised) + 1e-7).all()
    assert np.abs(codec.decode(levels) - sound).max() <= codec.quantization_error(emphasised).max() / (1 - pre_emphasis)
    assert codec.quantization_error(emphasised).max() < 0.03 * codec.scale
    assert MuLaw.from_json(json.loads(json.dumps(codec.to_json()))) == codec


@pytest.mark.parametrize("pre_emphasis", [0.0, 0.85])
def test_levels_in_pieces_give_the_sound_of_the_whole(pre_emphasis: float) -> None:
    codec = MuLaw(0.5, pre_emphasis)
    levels = np.random.default_rng(0).integers(100, 156, (3, 200))
    whole, before, pieces = codec.decode(levels), np.zeros(3, np.float32), []
    for at in range(0, 200, 7):
        pieces.append(codec.decode(levels[:, at : at + 7], before))
        before = pieces[-1][:, -1]
    np.testing.assert_allclose(np.concatenate(pieces, 1), whole, atol=1e-6)


def test_levels_are_many_for_soft_sounds_symmetric_and_never_beyond_the_scale() -> None:
    codec = MuLaw(0.5)
    assert codec.encode(np.array([-9, -0.5, 0.5, 9], np.float32)).tolist() == [0, 0, 255, 255]
    np.testing.assert_allclose(codec.code_values, -codec.code_values[::-1], atol=1e-8)
    steps = np.diff(codec.code_values)
    assert steps[127] < 1e-3
    assert steps[0] > 1e-2
    assert (codec.code_edges[1:-1] > codec.code_values[:-1]).all()
    assert (codec.code_edges[1:-1] < codec.code_values[1:]).all()


def test_silence_has_no_scale() -> None:
    with pytest.raises(DataError, match="The train split is silent"):
        MuLaw.fit([np.zeros(5, np.float32), np.zeros(0, np.float32)])
