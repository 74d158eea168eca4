"""Contract of every job's batch loaders: reproducible, resumable, and complete."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile
import torch

from echoic.api.prepare import prepare
from echoic.batches import BatchLoader
from echoic.jobs import JOBS
from echoic.tensors import Batch
from echoic.windows import full_ranges

RATE_HZ = 2000


def sine(_folder: Path) -> np.ndarray:
    return np.sin(np.arange(300) / 4).astype(np.float32)


def tunes(folder: Path) -> Path:
    songs = {split: [[[60 + n, 64]] * (12 + n) for n in range(6)] for split in ("train", "valid", "test")}
    path = folder / "tunes.json"
    path.write_text(json.dumps(songs))
    return path


def lines(folder: Path) -> Path:
    path = folder / "text.txt"
    path.write_text("".join(np.random.default_rng(0).choice(list("abcdefghij"), 400)))
    return path


def hum(folder: Path) -> Path:
    path = folder / "hum.wav"
    soundfile.write(path, 0.3 * np.sin(np.arange(4000) * 0.3), RATE_HZ)
    return path


def clips(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = ["file,label,split"]
    for number in range(30):
        name = f"{number}.wav"
        soundfile.write(folder / name, 0.1 * rng.standard_normal(int(rng.integers(300, 700))), RATE_HZ)
        rows.append(f"{name},{'ab'[number % 2]},{('train', 'dev', 'test')[number % 3]}")
    path = folder / "clips.csv"
    path.write_text("\n".join(rows))
    return path


def pairs(folder: Path) -> Path:
    path = folder / "pairs.csv"
    path.write_text("\n".join(["u,y", *(f"{np.sin(step / 4):.6f},{np.cos(step / 4):.6f}" for step in range(400))]))
    return path


def events(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = ["file,onset_s,offset_s,label,split"]
    for split in ("train", "dev", "test"):
        soundfile.write(folder / f"{split}.wav", 0.1 * rng.standard_normal(9000), RATE_HZ)
        rows += [f"{split}.wav,{second},{second + 0.3},{'ab'[second % 2]},{split}" for second in range(4)]
    path = folder / "events.csv"
    path.write_text("\n".join(rows))
    return path


def phrases(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = ["file,text,split"]
    for number in range(30):
        name = f"{number}.wav"
        soundfile.write(folder / name, 0.1 * rng.standard_normal(int(rng.integers(500, 900))), RATE_HZ)
        rows.append(f"{name},{'ab c'[: 2 + number % 3]},{('train', 'dev', 'test')[number % 3]}")
    path = folder / "phrases.csv"
    path.write_text("\n".join(rows))
    return path


Spans = list[tuple[int, int]]
"""The ranges of the train split in the values that a loader reads."""


def ranges_of_series(task: Any) -> Spans:
    """Where each series is split in time."""
    return list(task.splits["train"].spans())


def whole_songs(task: Any) -> Spans:
    """The songs of train among all songs."""
    return [
        span for number, span in enumerate(full_ranges(task.dataset.series).spans()) if number in task.splits["train"]
    ]


def train_frames(task: Any) -> Spans:
    """All frames of train, one after the other."""
    return [(0, len(task.frames["train"]))]


def train_pairs(task: Any) -> Spans:
    """All pairs of train, one after the other."""
    return list(task.pairs["train"].ranges.spans())


def train_steps(task: Any) -> Spans:
    """All steps of train, one after the other."""
    return [(0, sum(map(len, task.steps["train"])))]


class Case(NamedTuple):
    """A job with its settings.

    `unit` occurs once per epoch: a step, a transition (a step and the next one) or a window; a "draw" is a window drawn
    with replacement, "cover" is at least once. `fixed`: a single group of streams, the same in every epoch.
    """

    job: str
    data: Callable[[Path], Any]
    settings: dict[str, Any]
    unit: str
    fixed: bool = False
    spans: Callable[[Any], Spans] = ranges_of_series


SERIES: dict[str, Any] = {"split": (200, 50, 50), "lookback": 16, "horizon": 4, "batch_size": 16}
TEXT = {"split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10, "state_reset_steps": 20}
SOUND: dict[str, Any] = {
    "split": (0.6, 0.2, 0.2),
    "frame_samples": 5,
    "batch_size": 4,
    "tbptt_steps": 8,
    "state_reset_steps": 24,
}
SPECTRA: dict[str, Any] = {"n_mels": 8, "batch_size": 4, "cache_dir": "none"}
PAIRS: dict[str, Any] = {"targets": ("y",), "batch_size": 4, "tbptt_steps": 16}
AUGMENTED: dict[str, Any] = {"noise_std": 0.1, "max_gain_db": 3, "n_time_masks": 1, "n_freq_masks": 1}

CASES = {
    "forecast, direct": Case("forecast", sine, SERIES | {"strategy": "direct"}, "window"),
    "forecast, weighted": Case("forecast", sine, SERIES | {"strategy": "direct", "recency_exponent": 2.0}, "draw"),
    "forecast, recursive": Case("forecast", sine, SERIES | {"strategy": "recursive"}, "window"),
    "forecast, chunks": Case(
        "forecast",
        sine,
        SERIES | {"strategy": "recursive", "batching": "chunks", "batch_size": 2},
        "transition",
        fixed=True,
    ),
    "music": Case("music", tunes, {"batch_size": 2}, "transition", spans=whole_songs),
    "music, chunks in random keys": Case(
        "music", tunes, {"batch_size": 2, "tbptt_steps": 4, "transpose": "random"}, "transition", spans=whole_songs
    ),
    "music in all keys": Case("music", tunes, {"batch_size": 24, "transpose": "all"}, "transition", spans=whole_songs),
    "text": Case("text", lines, TEXT, "transition"),
    "audio": Case(
        "audio", hum, SOUND | {"max_gain_db": 3.0, "trained_frame_fraction": 0.5}, "transition", spans=train_frames
    ),
    "audio, frames": Case("audio", hum, SOUND | {"model": "frames"}, "transition", spans=train_frames),
    "classify": Case("classify", clips, SPECTRA, "step", spans=train_steps),
    "classify, augmented": Case(
        "classify", clips, SPECTRA | AUGMENTED | {"max_shift_steps": 3}, "step", spans=train_steps
    ),
    "transcribe": Case("transcribe", phrases, SPECTRA, "step", spans=train_steps),
    "transcribe, augmented": Case(
        "transcribe", phrases, SPECTRA | AUGMENTED | {"max_stretch": 0.1, "min_snr_db": 5}, "step", spans=train_steps
    ),
    "detect": Case("detect", events, SPECTRA | {"excerpt_s": 0.5}, "cover", spans=train_steps),
    "detect, augmented": Case(
        "detect", events, SPECTRA | AUGMENTED | {"excerpt_s": 0.5, "delay_ms": 20}, "cover", spans=train_steps
    ),
    "map": Case("map", pairs, PAIRS, "cover", spans=train_pairs),
    "map, chunks": Case("map", pairs, PAIRS | {"batching": "chunks"}, "transition", fixed=True, spans=train_pairs),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def task(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return prepare(case.job, case.data(tmp_path_factory.mktemp("data")), config=case.settings).task


def same(one: Batch, other: Batch) -> bool:
    return all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) else a == b
        for a, b in zip(one, other, strict=True)
    )


def equal(some: list[Batch], others: list[Batch]) -> bool:
    return len(some) == len(others) and all(map(same, some, others))


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_a_case(job: str) -> None:
    assert job in {case.job for case in CASES.values()}, f"The job {job!r} is new: add it to CASES in {__file__}."


def test_the_length_of_a_loader_is_its_number_of_batches(task: Any) -> None:
    for loader in (task.train_batches(), task.dev_batches(), task.refit_batches()):
        assert isinstance(loader, BatchLoader)
        assert len(list(loader.epoch(0, 0))) == len(loader) > 0


def test_seed_and_epoch_determine_the_batches(task: Any) -> None:
    loader = task.train_batches()
    first = list(loader.epoch(3, 1))
    torch.rand(5)
    assert equal(first, list(loader.epoch(3, 1)))
    assert equal(first, list(task.train_batches().epoch(3, 1)))


def test_epochs_and_seeds_differ(case: Case, task: Any) -> None:
    loader = task.train_batches()
    first = list(loader.epoch(0, 0))
    for others in ([(0, epoch) for epoch in range(1, 5)], [(seed, 0) for seed in range(1, 5)]):
        assert all(equal(first, list(loader.epoch(*other))) for other in others) == case.fixed


def test_skipping_batches_is_dropping_the_first(task: Any) -> None:
    for loader in (task.train_batches(), task.dev_batches()):
        batches = list(loader.epoch(2, 1))
        for skip in {0, 1, 2, len(loader) // 2, len(loader) - 1, len(loader), len(loader) + 1}:
            assert equal(list(loader.epoch(2, 1, skip)), batches[skip:])


def test_batches_fit_the_network(task: Any) -> None:
    model = task.build_model()
    for loader in (task.train_batches(), task.dev_batches()):
        state = None
        for batch in loader.epoch(0, 0):
            assert batch.inputs.dtype == torch.float32
            assert torch.isfinite(batch.inputs).all()
            assert batch.mask.dtype == torch.bool
            assert batch.mask.shape[:2] == batch.targets.shape[:2]
            loss = model.loss(batch, state if batch.carry else None)
            state = loss.state
            assert torch.isfinite(loss.total)


def windows(loader: BatchLoader, epoch: int) -> Iterator[tuple[int, int]]:
    """First step and number of valid steps of each window."""
    for index in loader.sampler.epoch(0, epoch):
        yield from zip(index.starts.tolist(), index.valid.tolist(), strict=True)


def counted(loader: BatchLoader, unit: str, epoch: int) -> Counter[int]:
    """How often each unit occurs in an epoch, by its first step."""
    last = {"step": 0, "cover": 0, "transition": 1}
    if unit in last:
        return Counter(
            step for start, valid in windows(loader, epoch) for step in range(start, start + valid - last[unit])
        )
    return Counter(start for start, _ in windows(loader, epoch))


def test_every_valid_step_occurs_once_per_epoch(case: Case, task: Any) -> None:
    spans, loader = case.spans(task), task.train_batches()
    for epoch in range(2):
        found = counted(loader, case.unit, epoch)
        if case.unit in {"window", "draw"}:
            size = next(iter(windows(loader, epoch)))[1]
            wanted = Counter(start for begin, end in spans for start in range(begin, end - size + 1))
            assert found.total() == wanted.total()
            assert found.keys() <= wanted.keys()
            assert case.unit == "draw" or found == wanted
        else:
            end_steps = 1 if case.unit == "transition" else 0
            wanted = Counter(step for begin, end in spans for step in range(begin, end - end_steps))
            assert found.keys() == wanted.keys()
            assert case.unit == "cover" or found == wanted
