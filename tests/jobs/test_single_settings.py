"""Settings that no other test names: each changes what it is documented to change."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import soundfile
import torch
from narrowing import expect_type

from echoic.api.prepare import prepare
from echoic.config import ClipDataSettings
from echoic.config.spectrum import AugmentSettings
from echoic.jobs.audio import AudioTask
from echoic.jobs.forecast import ForecastTask
from echoic.labelled.augment import Augment
from echoic.labelled.batches import clip_batches
from echoic.sources import read
from echoic.windows import Panel

RATE_HZ = 2000


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.3 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))


@pytest.mark.parametrize("scale_per", ["series", "all"])
def test_series_are_scaled_by_their_own_statistics_or_by_one_set(scale_per: str) -> None:
    values = np.concatenate([np.sin(np.arange(60)), 50 + 10 * np.sin(np.arange(60))])
    table = pl.DataFrame({"unique_id": ["a"] * 60 + ["b"] * 60, "y": values})
    settings: dict[str, Any] = {
        "scale": "standard",
        "scale_per": scale_per,
        "lookback": 8,
        "horizon": 2,
        "split": (40, 10, 10),
    }
    scaler = expect_type(ForecastTask, prepare("forecast", table, **settings).task).codec.values
    parts = [values[:40], values[60:100]]
    fitted_on = parts if scale_per == "series" else [np.concatenate(parts)] * 2
    np.testing.assert_allclose(scaler.center[:, 0].numpy(), [part.mean() for part in fitted_on], rtol=1e-5)
    np.testing.assert_allclose(scaler.scale[:, 0].numpy(), [part.std() for part in fitted_on], rtol=1e-5)


@pytest.mark.parametrize(("history_samples", "expected"), [(3, 3), (16, 16), (99, 16)])
def test_the_fast_tier_reads_history_samples_but_at_most_a_frame(
    tmp_path: Path, history_samples: int, expected: int
) -> None:
    soundfile.write(tmp_path / "noise.wav", noise(10), RATE_HZ)
    settings: dict[str, Any] = {
        "frame_samples": 16,
        "history_samples": history_samples,
        "layers": 4,
        "fast_hidden_size": 4,
    }
    task = expect_type(AudioTask, prepare("audio", tmp_path / "noise.wav", **settings).task)
    assert len(task.source.lpc_weights) == expected
    width = task.build_model().head.get_parameter("first.weight").shape[1]
    assert width == expected + 2 + task.settings.fast.conditioning_size


def test_split_column_names_the_column_of_the_split(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", noise(1), RATE_HZ)
    path = tmp_path / "clips.csv"
    path.write_text("file,label,split,usage\na.wav,x,train,test\na.wav,y,test,valid\n")

    def splits(**settings: Any) -> list[str | None]:
        return [one.annotations.split for one in read(path, ClipDataSettings(**settings)).series]

    assert splits() == ["train", "test"]
    assert splits(split_column="usage") == ["test", "dev"]
    assert splits(split_column="none") == [None, None]


@pytest.mark.parametrize("longest", [1, 4, 15])
def test_a_time_mask_has_at_most_time_mask_param_steps(longest: int) -> None:
    augment = Augment(AugmentSettings(n_time_masks=1, time_mask_param=longest), torch.ones(2))
    clips = [torch.ones(60, 2)] * 200
    (batch,) = clip_batches(clips, torch.zeros(200, 1), 200, shuffle=False, transforms=[augment]).epoch(0, 0)
    masked = (batch.inputs == 0).all(-1).sum(1)
    assert masked.max() == longest
    assert masked.float().mean() == pytest.approx(longest / 2, rel=0.25)


@pytest.mark.parametrize("postprocess", [True, False])
def test_postprocessing_is_chosen_on_dev_unless_it_is_off(tmp_path: Path, postprocess: bool) -> None:
    events = ["file,onset_s,offset_s,label,split"]
    for number, split in enumerate(["train", "train", "dev", "test"]):
        soundfile.write(tmp_path / f"{number}.wav", noise(2, number), RATE_HZ)
        events.append(f"{number}.wav,0.5,1.0,call,{split}")
    (tmp_path / "events.csv").write_text("\n".join(events))
    settings: dict[str, Any] = {"n_mels": 8, "layers": 4, "conv_channels": (), "excerpt_s": 1.0, "cache_dir": "none"}
    task = prepare("detect", tmp_path / "events.csv", postprocess=postprocess, **settings).task
    found = task.calibrate(task.build_model())
    assert (found is not None) == postprocess


@pytest.mark.parametrize("scale_per", ["series", "all"])
def test_with_one_series_scale_per_decides_how_new_series_are_scaled(scale_per: str) -> None:
    values = np.sin(np.arange(60))
    settings: dict[str, Any] = {"lookback": 8, "horizon": 2, "split": (40, 10, 10)}
    settings |= {"scale": "standard", "scale_per": scale_per}
    table = pl.DataFrame({"unique_id": ["a"] * 60, "y": values})
    task = expect_type(ForecastTask, prepare("forecast", table, **settings).task)
    new = pl.DataFrame({"unique_id": ["b"] * 60 + ["c"] * 60, "y": np.concatenate([values + 50, values + 90])})
    extended = task.codec.extended(task.settings, Panel.from_series(read(new).series))
    own = [values.mean() + 50, values.mean() + 90]
    expected = own if scale_per == "series" else [values[:40].mean()] * 2
    np.testing.assert_allclose(extended.values.center[:, 0].numpy(), expected, rtol=1e-4)
