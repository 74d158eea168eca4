"""The database of a study: a SQLite file of one host, or a PostgreSQL server that hosts share."""

import contextlib
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, final

from echoic.errors import RunError
from echoic.extras import LazyModule

optuna = LazyModule("optuna")

_LOCKED_S = 60
"""How long the store waits for another process that has it open."""


@final
class Store:
    """An open database.

    Args:
        storage: Optuna's.
        study: the name of the study in it.
        label: what messages call it; without a password.
        remedy: what to do if it cannot be used, as the rest of a sentence.
        lock: makes a block the only one that gives out trials or ends them, over all hosts.
        is_shared: whether several hosts may use it at a time.
    """

    def __init__(
        self,
        storage: Any,
        study: str,
        *,
        label: str,
        remedy: str,
        lock: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        is_shared: bool = False,
    ) -> None:
        self.storage = storage
        self.study = study
        self.is_shared = is_shared
        self._label, self._remedy = label, remedy
        self._lock = lock
        weakref.finalize(self, storage.engine.dispose)

    @contextlib.contextmanager
    def using(self) -> Iterator[None]:
        """Silences Optuna's notes on experimental features; names the store where it cannot be used.

        Raises:
            RunError: it cannot be used.
        """
        with store_errors(self._label, self._remedy), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """As `using`, while no other host gives out trials or ends them.

        Raises:
            RunError: it cannot be used.
        """
        with self.using(), self._lock():
            yield

    def opened(self, name: str, goals: int, sampler: Any = None, pruner: Any = None) -> Any:
        """Optuna's study of this name, which is made if there is none; only in `locked`."""
        return optuna.create_study(
            study_name=name,
            storage=self.storage,
            load_if_exists=True,
            directions=["minimize"] * goals,
            sampler=sampler,
            pruner=pruner,
        )


@contextlib.contextmanager
def store_errors(label: str, remedy: str) -> Iterator[None]:
    """One sentence for errors of the database.

    Raises:
        RunError: there was one.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = error.__cause__ or error
        reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
        raise RunError(f"{label} cannot be used ({reason}); {remedy}") from error


def open_sqlite(folder: Path) -> Store:
    """The file study.db in the folder of a study, which is made if there is none.

    Raises:
        RunError: it cannot be used.
    """
    from sqlalchemy.pool import StaticPool  # noqa: PLC0415

    path = folder / "study.db"
    remedy = f"restore it. The runs in {folder / 'trials'} are not in it."
    # Paths may hold what has a meaning in an address.
    connect = {"creator": lambda: _connected(path), "poolclass": StaticPool}
    with store_errors(str(path), remedy), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs=connect)
    # Hyperband's brackets depend on the name.
    return Store(storage, "study", label=str(path), remedy=remedy)


def _connected(path: Path) -> Any:
    """A connection whose commits cost one write to the disk instead of three."""
    import sqlite3  # noqa: PLC0415

    connection = sqlite3.connect(path, timeout=_LOCKED_S)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection
