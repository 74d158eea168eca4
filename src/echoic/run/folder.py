"""The folder that training writes and every other command reads: JSON and safetensors, never pickle."""

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

from torch import Tensor

from echoic.errors import RunError
from echoic.run.checkpoints import Checkpoint, read_newest, write_checkpoint
from echoic.run.config import FORMAT, check_config, with_units
from echoic.run.creation import ensure_new, resume_command
from echoic.run.files import (
    append,
    read_tensors,
    remove_temporary_files,
    write_atomically,
    write_tensors,
)
from echoic.run.lock import file_lock
from echoic.run.metrics import metrics_line, read_rows
from echoic.run.sealed import read_json, unsealed, write_json
from echoic.run.series import read_series, write_series
from echoic.types import Series
from echoic.write_errors import cannot_be_created

_FOLLOWED = ("run.lock", "metrics.jsonl", "checkpoints", "folds", "calibration_folds", "workers", "figures", "samples")
"""Where writing would follow a symbolic link; all other files are replaced by renaming."""


@final
class RunFolder:
    """Names and formats of the files of one run.

    Use `create` for a new one, `open` for an existing one, and hold `lock()` while writing anything that training reads
    back. A fold of cross-validation has a `parent`, and is resumed by resuming that run.
    """

    def __init__(self, path: Path, parent: Path | None = None) -> None:
        self.path = path
        self.parent = parent
        self.model_path = path / "model.safetensors"
        self.metrics_path = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoints"
        self.figures = path / "figures"
        self.samples = path / "samples"
        self.folds_path = path / "folds"
        self.calibration_folds_path = path / "calibration_folds"

    @property
    def resume_command(self) -> str:
        """The command that resumes the run, or the call in Python where objects must be passed again."""
        return resume_command(self.parent or self.path)

    @classmethod
    def create(cls, path: Path, parent: Path | None = None) -> Self:
        """Creates a new run folder; replaces one without a checkpoint to resume from.

        Raises:
            RunError: `path` exists, or it cannot be created.
        """
        ensure_new(path)
        try:
            (path / "checkpoints").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{cannot_be_created(path, error)}.") from None
        return cls(path, parent)

    @classmethod
    def open(cls, path: Path) -> Self:
        """An existing run folder.

        Raises:
            RunError: there is no run at `path`.
        """
        if not (path / "config.json").is_file():
            raise RunError(f"{path} is not a run folder (no config.json); {_instead(path)}.")
        return cls(path)

    def folds(self) -> list[Self]:
        """The runs of the folds that have started, in order."""
        started = [config.parent for config in self.folds_path.glob("*/config.json")]
        numbered = sorted((fold for fold in started if fold.name.isdecimal()), key=lambda fold: int(fold.name))
        return [type(self)(fold, self.path) for fold in numbered]

    def refuse_links(self) -> None:
        """Refuses symbolic links in the places that are written to, through which other files would be overwritten.

        Raises:
            RunError: there is one.
        """
        folds = [*self.folds_path.glob("*"), *self.calibration_folds_path.glob("*")]
        inner = [folder / name for folder in (self.path, *folds) for name in _FOLLOWED]
        for path in [*folds, *inner]:
            if path.is_symlink():
                raise RunError(f"{path} is a symbolic link to another place; put the file or folder itself there.")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the lock of the run, and removes temporary files of killed processes.

        Raises:
            RunError: another process is writing this run, or a part of it is a symbolic link.
        """
        self.refuse_links()
        with file_lock(self.path / "run.lock"):
            for folder in (self.path, self.checkpoints):
                remove_temporary_files(folder)
            yield

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Writes config.json."""
        write_json(self.path / "config.json", {"format": FORMAT, **config})

    def read_config(self) -> dict[str, Any]:
        """The contents of config.json.

        Raises:
            RunError: it is damaged, or of a format that this version cannot read.
        """
        path = self.path / "config.json"
        config = check_config(path, read_json(path))
        return with_units(unsealed(path, config, required=config["format"] > 1))

    def write_codec(self, codec: Mapping[str, Any]) -> None:
        """Writes codec.json, the fitted state of the codecs."""
        write_json(self.path / "codec.json", codec)

    def read_codec(self) -> dict[str, Any]:
        """The contents of codec.json.

        Raises:
            RunError: it is missing or damaged.
        """
        return self._read_sealed("codec.json")

    def write_series(self, series: Sequence[Series]) -> None:
        """Writes series.safetensors, the series that the run needs without its training data; nothing if none."""
        if series:
            write_series(self.path / "series.safetensors", series)

    def read_series(self) -> tuple[Series, ...] | None:
        """The series in series.safetensors; None without one.

        Raises:
            RunError: it is damaged.
        """
        path = self.path / "series.safetensors"
        return read_series(path) if path.exists() else None

    def write_initial(self, weights: Mapping[str, Tensor]) -> None:
        """Writes initial.safetensors, the weights of another run that training starts from."""
        write_tensors(self.path / "initial.safetensors", weights, {})

    def read_initial(self) -> dict[str, Tensor] | None:
        """The weights that training starts from; None if they are drawn.

        Raises:
            RunError: they are damaged.
        """
        path = self.path / "initial.safetensors"
        return read_tensors(path)[0] if path.exists() else None

    def write_calibration(self, calibration: Mapping[str, Any]) -> None:
        """Writes calibration.json, fitted on dev after training."""
        write_json(self.path / "calibration.json", calibration)

    def read_calibration(self) -> dict[str, Any] | None:
        """The contents of calibration.json; None without one.

        Raises:
            RunError: it is damaged.
        """
        return self._read_sealed("calibration.json") if (self.path / "calibration.json").exists() else None

    def write_baselines(self, baselines: Mapping[str, Any]) -> None:
        """Writes baselines.json, fitted on the training data after training."""
        write_json(self.path / "baselines.json", baselines)

    def read_baselines(self) -> dict[str, Any] | None:
        """The contents of baselines.json; None without one.

        Raises:
            RunError: it is damaged.
        """
        return self._read_sealed("baselines.json") if (self.path / "baselines.json").exists() else None

    def remove_calibration_folds(self) -> None:
        """Removes the networks that only calibration required."""
        shutil.rmtree(self.calibration_folds_path, ignore_errors=True)

    def write_model(self, weights: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
        """Writes model.safetensors, the weights with the lowest dev loss."""
        write_tensors(self.model_path, weights, metadata)

    def read_model(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Weights and metadata of the best model so far.

        Raises:
            RunError: there is none yet, or it is damaged.
        """
        if not self.model_path.exists():
            raise RunError(f"{self.path} has no trained model yet; resume with `{self.resume_command}`.")
        return read_tensors(self.model_path)

    def write_checkpoint(self, step: int, checkpoint: Checkpoint) -> None:
        """Writes the checkpoint of a step, and keeps only it and the previous one.

        Checkpoints of later steps are deleted too: they are damaged, since training resumed from an earlier one.
        """
        write_checkpoint(self.checkpoints, step, checkpoint)

    def read_checkpoint(self) -> tuple[Checkpoint | None, list[str]]:
        """The newest intact checkpoint, and one sentence for each newer one that is damaged.

        Raises:
            RunError: all checkpoints are damaged.
        """
        return read_newest(self.checkpoints)

    def append_metrics(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Appends lines to metrics.jsonl.

        Raises:
            RunError: the disk is full or the folder cannot be written.
        """
        append(self.metrics_path, "".join(map(metrics_line, rows)).encode())

    def truncate_metrics(self, rows: int) -> None:
        """Truncates metrics.jsonl to its first `rows` lines, those of a checkpoint."""
        lines = self.metrics_path.read_bytes().splitlines(keepends=True) if self.metrics_path.exists() else []
        write_atomically(self.metrics_path, b"".join(lines[:rows]))

    def read_metrics(self) -> list[dict[str, Any]]:
        """The rows of metrics.jsonl, without an incomplete last line.

        Raises:
            RunError: a line is damaged.
        """
        return read_rows(self.metrics_path, required=self._has_digests())

    def _read_sealed(self, name: str) -> dict[str, Any]:
        return unsealed(self.path / name, read_json(self.path / name), required=self._has_digests())

    def _has_digests(self) -> bool:
        """Whether all JSON of this run was written with digests: from format 2 on."""
        config = (self.path / "config.json", (self.parent or self.path) / "config.json")
        described = next((path for path in config if path.exists()), None)
        return described is not None and read_json(described).get("format") != 1


def _instead(path: Path) -> str:
    """What to do with a folder that is not that of a run."""
    if (path / "seeds.json").is_file():
        runs = sorted((one.parent for one in path.glob("*/config.json")), key=lambda one: one.name)
        return f"it has a run for each of several seeds: name one, such as {runs[0]}" if runs else "it has no run yet"
    if (path / "study.json").is_file():
        return f"it is a study: resume it with `echoic tune --resume {path}`, or name its winner {path / 'best'}"
    return "create one with `echoic train`"
