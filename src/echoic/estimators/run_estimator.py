"""Estimators that hold a run: its folder lives as long as the run, and travels with the pickled estimator."""

import os
import weakref
from typing import Any

from sklearn.base import BaseEstimator

import echoic.api.run
from echoic.api.run import load
from echoic.api.temporary import new_folder, remove
from echoic.api.train import train
from echoic.config import JobSettings
from echoic.errors import ConfigError

_NOT_PICKLED = {"run.lock"}


class RunEstimator(BaseEstimator):  # type: ignore[misc,unused-ignore]
    """Has a run `run_` after `fit`. A copy or a pickle contains the files of the run and its training data."""

    run_: echoic.api.run.Run
    _data: Any

    def _refuse_arguments(self, given: dict[str, Any], settings: type[JobSettings], arguments: frozenset[str]) -> None:
        """Refuses arguments of the constructor among the settings that the user has given.

        Raises:
            ConfigError: there is one, or a setting is unknown.
        """
        twice = settings.fields_in(given) & arguments
        if twice:
            name = type(self).__name__
            raise ConfigError(f"`settings` has {', '.join(sorted(twice))}, which {name} takes as an argument.")

    def _train(self, job: str, data: Any, **options: Any) -> None:
        """Trains `run_` in a temporary folder of its own."""
        folder = new_folder()
        try:
            self.run_ = train(job, data, out=folder / job, **options)
        except BaseException:
            remove(folder, os.getpid())
            raise
        self._data = data
        weakref.finalize(self.run_, remove, folder, os.getpid())

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        if "run_" not in state:
            return state
        path = self.run_.path
        files = (one for one in path.rglob("*") if one.is_file() and one.name not in _NOT_PICKLED)
        return state | {"run_": {str(one.relative_to(path)): one.read_bytes() for one in files}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        files = state.get("run_")
        if isinstance(files, dict):
            folder = new_folder()
            for name, content in files.items():
                path = folder / "run" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            state = state | {"run_": load(folder / "run", data=state["_data"])}
            weakref.finalize(state["run_"], remove, folder, os.getpid())
        super().__setstate__(state)
