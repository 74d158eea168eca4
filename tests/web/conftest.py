"""Served runs of all jobs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from job_data import beeps, driven, hum, lines, phrases, signals, tunes

import echoic
from echoic.api.run import Run
from echoic.web.limits import Limits

pytest.importorskip("starlette", reason="the extra [serve] is not installed")

from served_runs import Served, serving
from teaching import Taught, teaching

COMMON: dict[str, Any] = {"epochs": 1, "threads": 1, "layers": (8,)}


def dry_and_wet(folder: Path) -> Path:
    """A sound of 8000 Hz and, as `wet.wav`, a distorted version of it."""
    dry = 0.5 * np.random.default_rng(0).standard_normal(16_000).clip(-1.5, 1.5)
    soundfile.write(folder / "dry.wav", dry, 8000)
    soundfile.write(folder / "wet.wav", np.tanh(3 * dry) / 2, 8000)
    return folder / "dry.wav"


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A small run of each job that is served here."""

    def place(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    detect = {"n_mels": 8, "hop_ms": 10, "conv_channels": (4,), "excerpt_s": 0.5, "lr": 2e-2, "epochs": 12}
    transcribe = {"n_mels": 8, "conv_channels": (4,), "conv_stride": 2, "layers": (24,), "dropout": 0.0}
    transcribe |= {"batch_size": 4, "lr": 1e-2, "epochs": 40}
    sound = {"frame_samples": 5, "fast_hidden_size": 16, "batch_size": 4, "tbptt_steps": 16}
    made: dict[str, tuple[str, Any, dict[str, Any]]] = {
        "detect": ("detect", signals, detect),
        "classify": ("classify", beeps, {"n_mels": 8, "batch_size": 4}),
        "text": ("text", lines, {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10}),
        "music": ("music", tunes, {}),
        "audio": ("audio", hum, sound),
        "map": ("map", driven, {"targets": ("y",)}),
        "transcribe": ("transcribe", phrases, transcribe),
        "pedal": ("map", dry_and_wet, {"targets": ("wet.wav",), "batch_size": 2}),
    }
    found = {
        name: echoic.train(job, data(place(name)), out=place(f"{name}-run") / name, **COMMON | settings)
        for name, (job, data, settings) in made.items()
    }
    wave = np.arange(300) % 7.0
    found["forecast"] = echoic.train(
        "forecast", wave, out=place("forecast") / "forecast", lookback=14, horizon=3, **COMMON
    )
    return found


@pytest.fixture(scope="session")
def served(runs: dict[str, Run]) -> Iterator[Served]:
    """All runs with the default limits."""
    with serving(runs, Limits()) as one:
        yield one


@pytest.fixture(scope="session")
def driver() -> Iterator[Any]:
    """Playwright, of which there can be one at a time."""
    browsing = pytest.importorskip("browsing", reason="NO TEST OF THE PAGE: playwright is not installed")
    if browsing.CHROMIUM is None:
        pytest.skip("NO TEST OF THE PAGE: there is no chromium (apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api")
    api.expect.set_options(timeout=60_000)  # what comes on an idle machine at once may take long on a busy one
    with api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browsed(driver: Any, runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page of all runs in Chromium, whose microphone hears the test recording of the detector."""
    browsing = pytest.importorskip("browsing")
    heard = tmp_path_factory.mktemp("heard") / "heard.wav"
    browsing.write_heard(heard, next(Path(runs["detect"].config["data"]["path"]).parent.glob("test*.wav")))
    serving = browsing.Serving(*(run.path for run in runs.values()))
    with serving, browsing.chromium(driver, heard) as browser:
        yield browsing.Browsed(browser, serving, heard)


@pytest.fixture
def taught(tmp_path: Path) -> Iterator[Taught]:
    with teaching(tmp_path) as one:
        yield one


@pytest.fixture(scope="session")
def hearing_tones(driver: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium, whose microphone hears low tones."""
    heard = tmp_path_factory.mktemp("heard") / "heard.wav"
    pytest.importorskip("teach_page").write_tones_heard(heard)
    with pytest.importorskip("browsing").chromium(driver, heard) as browser:
        yield browser


@pytest.fixture
def taught_page(hearing_tones: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of a server that teaches, with nothing but an empty background."""
    one = pytest.importorskip("teach_page").TaughtPage(hearing_tones, tmp_path)
    with one.serving:
        yield one
