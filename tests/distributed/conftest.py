"""Trainings by several processes, each group of which is started once for all tests that look at it."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from ranked_commands import HERE, Command, contents, start

from echoic.run import RunFolder


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The contents of the undisturbed run of two processes."""
    folder = tmp_path_factory.mktemp("whole")
    command = start(folder, "--processes", "2")
    assert command.wait() == (0, command.errors.read_text())
    assert list(command.temporary.iterdir()) == []
    return contents(folder / "run")


class Groups:
    """What `ranked_trainings.py` has trained with groups of three processes, of two, and of one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        command = Command([str(HERE / "ranked_trainings.py"), str(folder)], folder)
        code, errors = command.wait()
        assert code == 0, errors
        self.found = {size: json.loads((folder / f"found-{size}.json").read_text()) for size in (1, 2, 3)}

    def checkpoint(self, run: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Tensors of the newest checkpoint and of the best model, and the state of the loop without its times."""
        folder = RunFolder(run)
        checkpoint, _ = folder.read_checkpoint()
        assert checkpoint is not None
        state = {key: value for key, value in checkpoint.metadata["state"].items() if not key.endswith("seconds")}
        best = {f"model.safetensors {name}": tensor for name, tensor in folder.read_model()[0].items()}
        return checkpoint.tensors | best, state


@pytest.fixture(scope="session")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Groups:
    return Groups(tmp_path_factory.mktemp("groups"))
