"""Spectra are computed once and found again by content; a cache that cannot be trusted or written costs only time."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from echoic.api.prepare import prepare
from echoic.api.run import load
from echoic.api.train import train
from echoic.cli.progress import TrainingBar
from echoic.codecs import LogMel
from echoic.config import ClassifySettings
from echoic.config.spectrum import SpectrumSettings
from echoic.errors import ConfigError
from echoic.labelled.features import RawSteps
from echoic.labelled.spectra_cache import NOWHERE, SpectraCache, spectra_key
from echoic.sources import DataReport, Dataset
from echoic.types import Annotations, Series

RATE_HZ = 2000
MEL = LogMel(RATE_HZ, 64, 16, 8, 50.0, 1000.0)
TINY: dict[str, Any] = {"n_mels": 8, "layers": (4,), "batch_size": 8, "epochs": 1, "threads": 1}


def clip(samples: int, seed: int = 0) -> Series:
    values = np.random.default_rng(seed).standard_normal((samples, 1)).astype(np.float32)
    return Series(f"{seed}.wav", values, ("sound",), annotations=Annotations(rate_hz=RATE_HZ))


CLIPS = (clip(700), clip(300, 1), clip(1), clip(500, 2))
KEY = spectra_key(MEL, CLIPS)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """How many samples each sound had that was made spectra, in the order they were made."""
    seen, plain = [], LogMel.encode

    def counted(self: Any, sound: Any) -> Any:
        seen.append(sound.shape[-1])
        return plain(self, sound)

    monkeypatch.setattr(LogMel, "encode", counted)
    return seen


@pytest.fixture(scope="module")
def beeps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a folder of twelve tones for each of two classes."""
    folder, draws = tmp_path_factory.mktemp("beeps"), np.random.default_rng(0)
    for name, pitch in {"low": 0.3, "high": 0.9}.items():
        (folder / name).mkdir()
        for number in range(12):
            tone = 0.3 * np.sin(np.arange(int(draws.integers(300, 700))) * pitch)
            soundfile.write(folder / name / f"{number}.wav", tone, RATE_HZ)
    return folder


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of events in six recordings."""
    folder, rows = tmp_path_factory.mktemp("calls"), ["file,onset_s,offset_s,label,split"]
    for number in range(6):
        soundfile.write(folder / f"{number}.wav", np.random.default_rng(number).uniform(-0.5, 0.5, 3000), RATE_HZ)
        rows.append(f"{number}.wav,0.2,0.5,call,{('train', 'dev', 'test')[number % 3]}")
    (folder / "events.csv").write_text("\n".join(rows))
    return folder / "events.csv"


def made(cache: SpectraCache) -> list[torch.Tensor]:
    dataset = Dataset(tuple(CLIPS), DataReport(0, len(CLIPS), 0, 0, {}), "", "here")
    return RawSteps(dataset, MEL, cache).make()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def equal(ones: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return len(ones) == len(others) and all(torch.equal(one, other) for one, other in zip(ones, others, strict=True))


def test_kept_spectra_are_those_that_would_be_computed_bit_for_bit(tmp_path: Path, encoded: list[Any]) -> None:
    fresh = made(NOWHERE)
    assert equal(made(SpectraCache(tmp_path / "new" / "folder")), fresh)
    encoded.clear()
    assert equal(made(SpectraCache(tmp_path / "new" / "folder")), fresh)
    assert encoded == []


def test_every_sample_every_setting_and_the_order_make_another_key(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = CLIPS[1].values.copy()
    changed[299] = np.nextafter(changed[299], np.float32(9))
    halves = (clip(700), clip(300, 1))
    joined = replace(halves[0], values=np.concatenate([one.values for one in halves]))
    keys = [
        KEY,
        spectra_key(MEL, (CLIPS[0], replace(CLIPS[1], values=changed), *CLIPS[2:])),
        spectra_key(MEL, CLIPS[::-1]),
        spectra_key(MEL, CLIPS[:-1]),
        spectra_key(MEL, halves),
        spectra_key(MEL, (joined,)),
        *(
            spectra_key(mel, CLIPS)
            for mel in (
                replace(MEL, rate_hz=4000),
                replace(MEL, window_samples=66),
                replace(MEL, hop_samples=17),
                replace(MEL, bands=9),
                replace(MEL, low_hz=51.0),
                replace(MEL, high_hz=999.0),
            )
        ),
    ]
    monkeypatch.setattr(torch, "__version__", "9.9")
    keys.append(spectra_key(MEL, CLIPS))
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {64}


def test_names_and_labels_make_no_other_key() -> None:
    renamed = [
        replace(one, name="other.wav", origin="elsewhere", annotations=Annotations(labels=("x",))) for one in CLIPS
    ]
    assert spectra_key(MEL, renamed) == KEY


def of_another_set(path: Any) -> None:
    SpectraCache(path.parent).keep("0" * 64, [torch.zeros(3, 8)])
    path.write_bytes((path.parent / f"spectra-{'0' * 64}.safetensors").read_bytes())


def garbled(path: Any) -> None:
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


DAMAGE = {
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-7]),
    "emptied": lambda path: path.write_bytes(b""),
    "one bit": garbled,
    "noise": lambda path: path.write_bytes(b"\xff" * 100),
    "of another set": of_another_set,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_computed_and_written_again(kind: str, tmp_path: Path, encoded: list[Any]) -> None:
    cache = SpectraCache(tmp_path)
    fresh = made(cache)
    path = tmp_path / f"spectra-{KEY}.safetensors"
    DAMAGE[kind](path)
    assert cache.find(KEY) is None
    encoded.clear()
    assert equal(made(cache), fresh)
    assert len(encoded) == len(CLIPS)
    found = cache.find(KEY)
    assert found is not None
    assert equal(found, fresh)


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path, encoded: list[Any]) -> None:
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "taken" / f"spectra-{KEY}.safetensors" / "more").mkdir(parents=True)
    fresh = made(NOWHERE)
    for cache in (
        SpectraCache(tmp_path / "file"),
        SpectraCache(tmp_path / "file" / "in"),
        SpectraCache(tmp_path / "taken"),
    ):
        encoded.clear()
        assert equal(made(cache), fresh)
        assert len(encoded) == len(CLIPS)
    assert files(tmp_path) == ["file", "taken"]


def test_writers_and_readers_at_once_never_meet_half_a_file(tmp_path: Path) -> None:
    cache, fresh, start = SpectraCache(tmp_path), made(NOWHERE), threading.Barrier(4)

    def work(number: Any) -> Any:
        start.wait()
        for _ in range(25):
            if number % 2:
                cache.keep(KEY, fresh)
            elif (found := cache.find(KEY)) is not None:
                assert equal(found, fresh)
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))
    assert files(tmp_path) == [f"spectra-{KEY}.safetensors"]


def test_the_least_recently_used_files_are_removed_first(tmp_path: Path) -> None:
    cache, keys = SpectraCache(tmp_path), [str(number) * 64 for number in range(4)]
    (tmp_path / "model.safetensors").write_bytes(b"x" * 100_000)
    for age, key in enumerate(keys[:3]):
        cache.keep(key, [torch.zeros(100, 8)])
        os.utime(tmp_path / f"spectra-{key}.safetensors", (age, age))
    size = (tmp_path / f"spectra-{keys[0]}.safetensors").stat().st_size
    leftover = tmp_path / f".spectra-{keys[0]}.safetensors.1-ab.tmp"
    leftover.write_bytes(b"x")
    os.utime(leftover, (0, 0))
    assert cache.find(keys[0]) is not None  # now the youngest
    replace(cache, max_bytes=3 * size).keep(keys[3], [torch.zeros(100, 8)])
    assert files(tmp_path) == ["model.safetensors", *(f"spectra-{keys[number]}.safetensors" for number in (0, 2, 3))]


def test_a_set_beyond_the_bound_is_not_kept_and_drives_out_nothing(tmp_path: Path) -> None:
    cache = SpectraCache(tmp_path, max_bytes=10_000)
    cache.keep("0" * 64, [torch.zeros(100, 8)])
    cache.keep("1" * 64, [torch.zeros(1000, 8)])
    assert files(tmp_path) == [f"spectra-{'0' * 64}.safetensors"]


def test_the_folder_is_that_of_the_setting_else_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert SpectraCache.of(None).folder == tmp_path / "xdg" / "echoic"
    for unusable in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert SpectraCache.of(None).folder == tmp_path / "home" / ".cache" / "echoic"
    assert SpectraCache.of("none") is NOWHERE
    assert SpectraCache.of(tmp_path).folder == tmp_path
    monkeypatch.chdir(tmp_path)
    assert SpectrumSettings(cache_dir="here").cache_dir == tmp_path / "here"
    again = ClassifySettings.build(ClassifySettings.build({"cache_dir": "none"}).model_dump(mode="json"))
    assert again.spectrum.cache_dir == "none"


def test_training_encodes_every_clip_once_and_later_work_none(beeps: Path, tmp_path: Path, encoded: list[Any]) -> None:
    run = train("classify", beeps, out=tmp_path / "one", cache_dir=tmp_path / "cache", **TINY)
    assert len(encoded) == 24
    encoded.clear()
    train("classify", beeps, out=tmp_path / "two", cache_dir=tmp_path / "cache", seed=1, **TINY)
    scores = load(run.path).evaluate().scores
    table = load(run.path).predict()
    load(run.path).evaluate(beeps)
    assert encoded == []
    assert len(files(tmp_path / "cache")) == 1
    plain = train("classify", beeps, out=tmp_path / "plain", cache_dir="none", **TINY)
    assert plain.evaluate().scores == scores
    assert plain.predict()["confidence"].tolist() == table["confidence"].tolist()


def test_folds_share_spectra_without_a_cache(
    beeps: Path, tmp_path: Path, encoded: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    train("classify", beeps, out=tmp_path / "run", cache_dir="none", folds=3, **TINY)
    assert len(encoded) == 24
    assert files(tmp_path) == ["run"]


def test_detection_encodes_every_recording_once(calls: Path, tmp_path: Path, encoded: list[Any]) -> None:
    wanted = {**TINY, "conv_channels": (), "excerpt_s": 0.5, "cache_dir": tmp_path / "cache"}
    run = train("detect", calls, out=tmp_path / "one", **wanted)
    assert len(encoded) == 6
    encoded.clear()
    train("detect", calls, out=tmp_path / "two", **wanted)
    load(run.path).evaluate()
    load(run.path).predict()
    assert encoded == []


def test_a_run_outlives_its_cache(beeps: Path, tmp_path: Path) -> None:
    run = train("classify", beeps, out=tmp_path / "run", cache_dir=tmp_path / "cache", **TINY)
    scores = run.evaluate().scores
    (tmp_path / "cache").rename(tmp_path / "moved")
    (tmp_path / "cache").write_text("now a file")
    assert load(run.path).evaluate().scores == scores


def test_progress_is_reported_for_computed_clips_and_not_for_cached_ones(beeps: Path, tmp_path: Path) -> None:
    for wanted in ([(done, 24) for done in range(1, 25)], []):
        seen = []
        prepare(
            "classify",
            beeps,
            on_progress=lambda done, total: seen.append((done, total)),  # noqa: B023
            **{**TINY, "cache_dir": tmp_path},
        )
        assert seen == wanted
    seen = []
    run = train(
        "classify", beeps, out=tmp_path / "run", cache_dir="none", on_prepare=lambda *at: seen.append(at), **TINY
    )
    assert seen[-1] == (24, 24)
    seen.clear()
    load(run.path).evaluate(on_progress=lambda *at: seen.append(at))
    assert seen[:24] == [(done, 24) for done in range(1, 25)]


def test_the_bar_has_a_line_for_spectra_while_they_are_computed() -> None:
    bar = TrainingBar()
    spectra = bar._bar.tasks[1]
    assert not spectra.visible
    bar.prepare(1000, 3000)
    assert (spectra.visible, spectra.completed, spectra.total) == (True, 1000, 3000)
    assert spectra.fields["losses"] == "1,000 of 3,000 clips"
    bar.prepare(3000, 3000)
    assert not spectra.visible


def test_bands_beyond_the_sound_are_refused_before_anything_is_computed(
    beeps: Path, tmp_path: Path, encoded: list[Any]
) -> None:
    with pytest.raises(ConfigError, match=r"is above the Nyquist frequency \(1000 Hz at 2,000 Hz\)"):
        train("classify", beeps, out=tmp_path / "run", cache_dir=tmp_path / "cache", high_hz=1500, **TINY)
    assert encoded == []
    assert not (tmp_path / "run").exists()
