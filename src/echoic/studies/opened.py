"""The store of a study opened from its folder: its search and its confirmation."""

from pathlib import Path
from typing import final

from echoic.errors import ConfigError
from echoic.studies.definition import Definition
from echoic.studies.engine import Engine
from echoic.studies.fresh import FreshTrainings
from echoic.studies.place import read_joined, this_place
from echoic.studies.postgresql import open_begun
from echoic.studies.store import open_sqlite


@final
class OpenStudy:
    """A study in its store.

    Args:
        folder: the folder of the study.
        definition: the study.
        storage: the URL of the store with its password, if the study has such; otherwise that in store.json.

    Raises:
        ConfigError: `storage` is not the URL of a PostgreSQL database, or the study has none.
        MissingExtraError: the driver of the store is not installed.
        RunError: the store cannot be used.
    """

    def __init__(self, folder: Path, definition: Definition, storage: str | None = None) -> None:
        joined = read_joined(folder)
        if joined is None and storage is not None:
            raise ConfigError(f"{folder} is a study of one machine, in a file of its own; leave out `--storage`.")
        self.store = open_sqlite(folder) if joined is None else open_begun(storage or joined.storage, joined.study)
        self.place = this_place(folder, joined)
        self.search = Engine(folder, definition, self.store, self.place)
        self.fresh = FreshTrainings(folder, self.store, self.place)

    def beat(self) -> None:
        """Signs for everything that is trained here that this host lives."""
        self.search.beat()
        self.fresh.beat()
