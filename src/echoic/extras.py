"""Optional packages: imported on first use; a missing one gives one sentence with the command that installs it."""

from importlib import import_module
from typing import Any, final

from echoic.errors import MissingExtraError

EXTRAS = {
    "cmaes": "tune",
    "h5py": "hdf5",
    "holidays": "holidays",
    "mido": "music",
    "mlflow": "mlflow",
    "optuna": "tune",
    "psycopg": "postgresql",
    "soundfile": "sound",
    "soxr": "sound",
    "sklearn": "sklearn",
    "starlette": "serve",
    "statsforecast": "statistical",
    "tensorboard": "tensorboard",
    "uvicorn": "serve",
    "websockets": "serve",
}
"""Optional packages and the extra of `pyproject.toml` that installs each."""


@final
class LazyModule:
    """An optional module that is imported when one of its attributes is first read."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        try:
            module = import_module(self._name)
        except ModuleNotFoundError as error:
            raise missing(self._name.partition(".")[0], error) from None
        return getattr(module, attribute)


def missing(package: str, error: ModuleNotFoundError) -> ImportError:
    """The error to raise where an optional package cannot be imported: `error` itself, if another module is missing."""
    if (error.name or "").partition(".")[0] != package:
        return error
    command = f"pip install 'echoic[{EXTRAS[package]}]'"
    return MissingExtraError(f"The package {package} is not installed; install it with: {command}")
