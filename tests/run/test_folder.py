import pathlib
import re
from pathlib import Path

import pytest
import torch

from echoic.errors import RunError
from echoic.run import Checkpoint, RunFolder, make_room


class Bomb:
    """An object whose unpickling would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return pathlib.Path.touch, (self.trace,)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    made = RunFolder.create(tmp_path / "run")
    made.write_config({"job": "none"})
    return made


def checkpoint(step: int) -> Checkpoint:
    return Checkpoint({"weight": torch.full((50,), float(step))}, {"step": step})


def steps(folder: RunFolder) -> list[int]:
    return sorted(int(path.stem.split("-")[1]) for path in folder.checkpoints.iterdir())


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_folder_with_something_in_it_is_never_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RunError, match=r"already exists; choose another --out\.$"):
        RunFolder.create(tmp_path)
    with pytest.raises(RunError, match="already exists"):
        RunFolder.create(tmp_path / "thesis.tex")


def test_a_run_replaces_another_only_where_that_cannot_be_resumed(folder: RunFolder) -> None:
    RunFolder.create(folder.path)
    with folder.lock():
        folder.write_checkpoint(3, Checkpoint({"random": torch.zeros(2)}, {}))
    with pytest.raises(RunError, match=r"already exists; choose another --out, or resume with `echoic train --resume"):
        RunFolder.create(folder.path)


def test_a_fold_is_resumed_by_resuming_the_run(folder: RunFolder) -> None:
    with RunFolder.create(folder.folds_path / "1", folder.path).lock():
        RunFolder(folder.folds_path / "1").write_config({})
    (fold,) = folder.folds()
    with pytest.raises(RunError, match=rf"no trained model yet; resume with `echoic train --resume {folder.path}`"):
        fold.read_model()


@pytest.mark.parametrize(
    ("data", "components", "needed"),
    [
        (None, {}, ", data=..."),
        ("air.csv", {"cell": "own:Cell"}, ", components=..."),
        (None, {"cell": "own:Cell"}, ", data=..., components=..."),
    ],
)
def test_runs_with_objects_are_resumed_from_python(
    folder: RunFolder, data: str | None, components: dict[str, str], needed: str
) -> None:
    folder.write_config({"data": {"path": data}, "components": components})
    call = re.escape(f'`echoic.load("{folder.path}"{needed}).resume()`')
    fold = RunFolder(folder.folds_path / "1", folder.path)
    for one in (folder, fold):
        with pytest.raises(RunError, match=f"no trained model yet; resume with {call}"):
            one.read_model()
    folder.write_checkpoint(3, Checkpoint({"random": torch.zeros(2)}, {}))
    with pytest.raises(RunError, match=f"already exists; choose another --out, or resume with {call}"):
        RunFolder.create(folder.path)


@pytest.mark.parametrize("left", [[], ["checkpoints/"], ["checkpoints/", "run.lock", ".codec.json.1-ab.tmp"]])
def test_a_folder_whose_maker_was_killed_before_it_was_a_run_can_be_made_again(tmp_path: Path, left: list[str]) -> None:
    run = tmp_path / "run"
    run.mkdir()
    for name in left:
        (run / name).mkdir() if name.endswith("/") else (run / name).touch()
    with pytest.raises(RunError, match="is not a run folder"):
        RunFolder.open(run)
    folder = RunFolder.create(run)
    with folder.lock():
        folder.write_config({})
    assert sorted(path.name for path in run.iterdir()) == ["checkpoints", "config.json", "run.lock"]


def test_a_folder_without_config_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is not a run folder \(no config.json\); create one with `echoic train`"):
        RunFolder.open(tmp_path)


@pytest.mark.parametrize("format_", [3, 0, "1", None, True, [2]])
def test_another_format_is_refused(folder: RunFolder, format_: object) -> None:
    folder.write_config({"format": format_})
    with pytest.raises(RunError, match=re.escape(f"has run format {format_!r}; this version of echoic reads 1 and 2")):
        folder.read_config()


def test_writing_clears_leftovers_of_killed_writers(folder: RunFolder) -> None:
    left = [folder.path / ".model.safetensors.1-ab.tmp", folder.checkpoints / ".step-000000001.safetensors.1-ab.tmp"]
    for path in left:
        path.touch()
    with folder.lock():
        assert not any(path.exists() for path in left)


def test_the_two_newest_checkpoints_are_kept(folder: RunFolder) -> None:
    for step in (5, 10, 15, 15):
        folder.write_checkpoint(step, checkpoint(step))
    assert steps(folder) == [10, 15]


def test_a_run_without_checkpoints_has_none(folder: RunFolder) -> None:
    assert folder.read_checkpoint() == (None, [])


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_used(folder: RunFolder) -> None:
    for step in (5, 10):
        folder.write_checkpoint(step, checkpoint(step))
    flip(folder.checkpoints / "step-000000010.safetensors")
    found, damaged = folder.read_checkpoint()
    assert found is not None
    assert found.metadata == {"step": 5}
    assert torch.equal(found.tensors["weight"], torch.full((50,), 5.0))
    assert damaged == [f"{folder.checkpoints}/step-000000010.safetensors is damaged (its checksum does not match)."]


def test_when_all_checkpoints_are_damaged_each_is_named(folder: RunFolder) -> None:
    for step in (5, 10):
        folder.write_checkpoint(step, checkpoint(step))
        flip(folder.checkpoints / f"step-{step:09d}.safetensors")
    with pytest.raises(RunError, match=r"no checkpoint can be read: .*step-000000010.* .*step-000000005.*damaged"):
        folder.read_checkpoint()


def test_damaged_later_checkpoints_never_push_out_those_that_training_writes_now(folder: RunFolder) -> None:
    for step in (10, 20, 30):
        folder.write_checkpoint(step, checkpoint(step))
    for step in (20, 30):
        flip(folder.checkpoints / f"step-{step:09d}.safetensors")
    folder.write_checkpoint(12, checkpoint(12))
    found, damaged = folder.read_checkpoint()
    assert found is not None
    assert (found.metadata, damaged) == ({"step": 12}, [])


def test_a_stray_file_is_no_checkpoint(folder: RunFolder) -> None:
    (folder.checkpoints / "step-1.safetensors").touch()
    (folder.checkpoints / "step-000000001.safetensors.bak").touch()
    assert folder.read_checkpoint() == (None, [])


def test_metrics_are_cut_back_to_the_rows_of_a_checkpoint(folder: RunFolder) -> None:
    folder.append_metrics([{"epoch": 0}, {"epoch": 1}])
    folder.append_metrics([{"epoch": 2}])
    with folder.metrics_path.open("ab") as file:
        file.write(b'{"epoch": 3')
    assert folder.read_metrics() == [{"epoch": 0}, {"epoch": 1}, {"epoch": 2}]
    folder.truncate_metrics(2)
    folder.append_metrics([{"epoch": "new"}])
    assert folder.read_metrics() == [{"epoch": 0}, {"epoch": 1}, {"epoch": "new"}]


def test_a_damaged_row_of_metrics_is_a_run_error(folder: RunFolder) -> None:
    folder.metrics_path.write_bytes(b'{"epoch": 0}\n{"epoch; 1}\n')
    with pytest.raises(RunError, match=r"metrics.jsonl is damaged"):
        folder.read_metrics()


def test_an_error_about_a_run_without_a_model_names_the_remedy(folder: RunFolder) -> None:
    with pytest.raises(RunError, match="has no trained model yet; resume with `echoic train --resume"):
        folder.read_model()


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_in_place_of_the_model_is_refused_and_never_run(
    folder: RunFolder, tmp_path: Path, protocol: int
) -> None:
    import pickle  # noqa: PLC0415, TID251 - what must never be read

    trace = tmp_path / "trace"
    content = pickle.dumps(Bomb(trace), protocol)
    folder.model_path.write_bytes(content)
    (folder.checkpoints / "step-000000001.safetensors").write_bytes(content)
    (folder.path / "codec.json").write_bytes(content)
    with pytest.raises(RunError, match=r"model.safetensors cannot be read"):
        folder.read_model()
    with pytest.raises(RunError, match="no checkpoint can be read"):
        folder.read_checkpoint()
    with pytest.raises(RunError, match=r"codec.json cannot be read"):
        folder.read_codec()
    assert not trace.exists()
    pickle.loads(content)  # noqa: S301 - the trace would have been seen
    assert trace.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("run.lock", "metrics.jsonl", "checkpoints", "folds", "figures"),
        *("folds/1", "folds/1/checkpoints", "calibration_folds/1/metrics.jsonl"),
    ],
)
def test_writing_never_follows_a_symbolic_link_out_of_the_run(folder: RunFolder, tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    place = folder.path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists():
        place.rmdir()
    place.symlink_to(victim)
    with pytest.raises(RunError, match=rf"{name} is a symbolic link to another place; put the file or folder itself"):
        folder.lock().__enter__()
    assert victim.read_text() == "precious"


def test_a_model_that_is_a_link_is_read_and_replaced_without_touching_what_it_links_to(
    folder: RunFolder, tmp_path: Path
) -> None:
    folder.write_model({"weight": torch.ones(2)}, {"step": 1})
    folder.model_path.rename(tmp_path / "store")
    folder.model_path.symlink_to(tmp_path / "store")
    stored = (tmp_path / "store").read_bytes()
    assert folder.read_model()[1] == {"step": 1}
    folder.write_model({"weight": torch.zeros(2)}, {"step": 2})
    assert folder.read_model()[1] == {"step": 2}
    assert (tmp_path / "store").read_bytes() == stored


def test_the_model_of_a_process_killed_before_its_first_checkpoint_makes_room(tmp_path: Path) -> None:
    for kept in ("calibration.json", "checkpoints/step-000000002.safetensors"):
        folder = RunFolder.create(tmp_path / kept.replace("/", "-"))
        for name in ("config.json", "metrics.jsonl", "model.safetensors", kept):
            (folder.path / name).write_text("{}")
        make_room(folder.path)
        assert (folder.path / "model.safetensors").exists()
        (folder.path / kept).unlink()
        with pytest.raises(RunError, match="already exists"):
            RunFolder.create(folder.path)
        make_room(folder.path)
        assert RunFolder.create(folder.path).path == folder.path
    make_room(tmp_path / "none")
