"""Every setting of every job has an effect, or is refused where it has none."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import torch
from job_data import lines
from setting_changes import (
    BIDIRECTIONAL,
    CHANGES,
    DATA,
    DERIVED,
    IDLE,
    TINY,
    Change,
    CheckedBy,
    DataMaker,
    Idle,
    Refused,
)

import echoic
from echoic.api.prepare import Prepared
from echoic.errors import ConfigError, DataError
from echoic.jobs import JOBS, settings_class

ROOT = Path(__file__).parents[2]
PATHS = {"audio", "labels_path", "test_data", "cache_dir", "split_table", "dev", "test", "targets"}
TIMES = {"seconds", "steps_per_s", "elapsed_s"}

ALL = [(job, field) for job in CHANGES for field in settings_class(job).places()]
EFFECTS = [(job, field, CHANGES[job][field]) for job, field in ALL if isinstance(CHANGES[job].get(field), Change)]
REFUSALS = [(job, field, CHANGES[job][field]) for job, field in ALL if isinstance(CHANGES[job].get(field), Refused)]
BOTH_WAYS = [
    (job, field, change) for job in ("classify", "detect", "transcribe") for field, change in BIDIRECTIONAL.items()
]


def name(value: Any) -> str:
    return value if isinstance(value, str) else type(value).__name__.lower()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings")


@pytest.mark.parametrize("job", JOBS)
def test_every_job_has_its_tables(job: str) -> None:
    for name, table in {"CHANGES": CHANGES, "TINY": TINY, "DATA": DATA}.items():
        assert job in table, f"The job {job!r} is new: add it to {name} in tests/helpers/setting_changes/."


@pytest.mark.parametrize(("job", "field"), ALL)
def test_every_setting_has_an_entry(job: str, field: str) -> None:
    assert field in CHANGES[job], (
        f"`{field}` of {job} is new: add it to tests/helpers/setting_changes/, as a Change (a base configuration and "
        "a new value that must have an effect), a Refused or a CheckedBy."
    )


@pytest.mark.parametrize("job", CHANGES)
def test_every_entry_is_that_of_a_setting(job: str) -> None:
    assert CHANGES[job].keys() <= settings_class(job).places().keys()


@pytest.mark.parametrize(("job", "field", "change"), [*EFFECTS, *BOTH_WAYS], ids=name)
def test_a_setting_has_an_effect(folder: Path, job: str, field: str, change: Change) -> None:
    data, base = made(job, change, folder)
    new = resolved(change.new if change.new is not DERIVED else derived(job, field, base), field, data)
    if change.base_fails:
        with pytest.raises((DataError, ConfigError)):
            echoic.prepare(job, data, config=base).task.train_batches()
        echoic.prepare(job, data, config=base | {field: new}).task.train_batches()
        return
    stages = zip(*(Fingerprint(job, data, one).stages() for one in (base, base | {field: new})), strict=True)
    assert any(one != other for one, other in stages), (
        f"`{field}` of {job} has no effect: {new!r} gives the same batches, weights, scores and files as before; make "
        "it do something, or refuse it with a ConfigError in the job's `prepare`."
    )


@pytest.mark.parametrize(("job", "field", "refused"), REFUSALS, ids=name)
def test_a_setting_that_a_job_does_not_use_is_refused(folder: Path, job: str, field: str, refused: Refused) -> None:
    with pytest.raises(ConfigError, match=refused.message):
        echoic.prepare(job, once(DATA[job], job, folder), config=TINY[job] | {field: refused.value})


@pytest.mark.parametrize(
    "node",
    sorted({entry.node for changes in CHANGES.values() for entry in changes.values() if isinstance(entry, CheckedBy)}),
)
def test_the_test_of_its_own_exists(node: str) -> None:
    file, _, name = node.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text("utf-8")


def made(job: str, change: Change, folder: Path) -> tuple[Any, dict[str, Any]]:
    """The data and the base configuration of a change."""
    data = once(change.data or DATA[job], job, folder)
    asked = (TINY[job] if change.tiny is None else dict(change.tiny)) | dict(change.base)
    return data, {name: resolved(value, name, data) for name, value in asked.items() if value is not None}


@cache
def once(maker: DataMaker, job: str, folder: Path) -> Any:
    """The data of a maker, in a folder of their own; nothing changes them, so one copy is enough for all tests."""
    place = folder / f"{job}-{maker.__module__}-{id(maker)}"
    place.mkdir()
    return maker(place)


def resolved(value: Any, field: str, data: Any) -> Any:
    """A path as one in the folder of the data (or the folder above it, for tables in a folder of their own)."""
    if field not in PATHS or not isinstance(value, str) or value == "none":
        return value
    return str(data.parent.parent if value == "." else data.parent / value)


def derived(job: str, field: str, base: Mapping[str, Any]) -> Any:
    """Another value of the same type."""
    settings = settings_class(job).build(base)
    section = getattr(settings, settings.places()[field])
    value, kind = getattr(section, field), type(section).model_fields[field].annotation
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return next(choice for choice in choices(kind) if choice not in {value, None})
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 if value else 0.3
    raise TypeError(f"`{field}` of {job} is {value!r}: give a new value in tests/helpers/setting_changes/")


def choices(kind: Any) -> Iterator[Any]:
    """The values of a Literal, or of those in a union."""
    for one in get_args(kind):
        yield from choices(one) if get_origin(one) is not None else [one]


class Fingerprint:
    """What a training of one configuration comes to, cheapest first."""

    def __init__(self, job: str, data: Any, config: dict[str, Any]) -> None:
        self.job, self.data, self.config = job, data, config

    def stages(self) -> Iterator[str]:
        """Batches and initial weights; then what training leaves; then scores."""
        key = (self.job, self.data if isinstance(self.data, Path) else None, json.dumps(self.config, default=str))
        for stage in (_before, _trained, _scored):
            yield stage(Key(key, self))


class Key:
    """A cache key that carries what it is the key of."""

    def __init__(self, key: Any, fingerprint: Fingerprint) -> None:
        self.key, self.fingerprint = key, fingerprint

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and self.key == other.key


@cache
def _prepared(key: Key) -> Prepared:
    one = key.fingerprint
    return echoic.prepare(one.job, one.data, config=one.config)


@cache
def _run(key: Key) -> echoic.Run:
    return echoic.fit(_prepared(key))


@cache
def _before(key: Key) -> str:
    """The first batches of train and dev, and the network's initial weights."""
    task = _prepared(key).task
    digest = hashlib.sha256()
    seed = task.settings.train.seed
    batches = [batch for _, batch in zip(range(3), task.train_batches().epoch(seed, 0), strict=False)]
    dev = task.dev_batches()
    batches += [] if dev is None else [next(iter(dev.epoch(seed, 0)))]
    for batch in batches:
        for field in batch:
            digest.update(field.numpy().tobytes() if isinstance(field, torch.Tensor) else repr(field).encode())
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        digest.update(weights_hash(task.build_model().state_dict()))
    return digest.hexdigest()


@cache
def _trained(key: Key) -> str:
    """Trained weights, dev losses, codecs, calibration and the files of the run."""
    run = _run(key)
    rows = [{name: value for name, value in row.items() if name not in TIMES} for row in run.metrics()]
    files = sorted(str(path.relative_to(run.path)) for path in run.path.rglob("*"))
    state = [rows, run.folder.read_codec(), run.folder.read_calibration(), files, run.config["data"].get("report")]
    return weights_hash(run.folder.read_model()[0]).hex() + json.dumps(state, sort_keys=True, default=str)


@cache
def _scored(key: Key) -> str:
    evaluation = _run(key).evaluate()
    return json.dumps([evaluation.scores, evaluation.baselines], sort_keys=True, default=str)


def weights_hash(weights: Mapping[str, torch.Tensor]) -> bytes:
    digest = hashlib.sha256()
    for name, weight in sorted(weights.items()):
        digest.update(name.encode())
        digest.update(weight.detach().numpy().tobytes())
    return digest.digest()


def test_an_unavailable_device_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"train\.device"):
        echoic.prepare("text", once(lines, "text", folder), config=TINY["text"] | {"device": "nowhere"})


@pytest.mark.parametrize("job", DATA)
def test_threads_are_those_of_the_training(folder: Path, job: str) -> None:
    seen = set[int]()
    prepared = echoic.prepare(job, once(DATA[job], job, folder), config=TINY[job] | {"threads": 3})
    echoic.fit(prepared, on_progress=lambda _: seen.add(torch.get_num_threads()))
    assert seen == {3}


@pytest.mark.parametrize(("min_work", "threads"), [(0, 3), (10**15, 1)])
@pytest.mark.parametrize("job", DATA)
def test_the_default_number_of_threads_is_chosen_by_the_work_of_a_step_and_recorded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, job: str, min_work: int, threads: int
) -> None:
    monkeypatch.setattr("echoic.training.threads.MIN_PARALLEL_WORK", min_work)
    seen = set[int]()
    prepared = echoic.prepare(job, once(DATA[job], job, folder), config=TINY[job] | {"threads": None})
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        run = echoic.fit(prepared, on_progress=lambda _: seen.add(torch.get_num_threads()))
    finally:
        torch.set_num_threads(before)
    assert seen == {threads}
    assert run.config["settings"]["train"]["threads"] == threads


@pytest.mark.parametrize(("interval_s", "written"), [(1e-9, True), (1e9, False)])
def test_checkpoints_are_written_at_the_interval(
    folder: Path, tmp_path: Path, interval_s: float, written: bool
) -> None:
    found = set[str]()
    prepared = echoic.prepare(
        "text", once(lines, "text", folder), config=TINY["text"] | {"checkpoint_interval_s": interval_s}
    )
    checkpoints = tmp_path / "run" / "checkpoints"
    echoic.fit(
        prepared, out=tmp_path / "run", on_progress=lambda _: found.update(one.name for one in checkpoints.glob("*"))
    )
    assert bool(found) == written


@pytest.mark.parametrize("job", ["classify", "detect", "transcribe"])
def test_spectra_are_cached_in_the_folder(folder: Path, tmp_path: Path, job: str) -> None:
    echoic.prepare(job, once(DATA[job], job, folder), config=TINY[job] | {"cache_dir": tmp_path / "cache"})
    assert any((tmp_path / "cache").rglob("*.*"))


@pytest.mark.parametrize("idle", IDLE, ids=lambda idle: f"{idle.job}-{idle.field}")
def test_a_setting_that_does_nothing_is_refused(folder: Path, idle: Idle) -> None:
    data, base = made(idle.job, Change(base=idle.base, data=idle.data, tiny=idle.tiny), folder)
    echoic.prepare(idle.job, data, config=base).task.train_batches()
    changed = base | {idle.field: resolved(idle.value, idle.field, data)}
    with pytest.raises(ConfigError, match=idle.field.replace("_", "[_-]")):
        echoic.prepare(idle.job, data, config=changed).task.train_batches()
