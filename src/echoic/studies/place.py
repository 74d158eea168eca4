"""Where trials are trained: the folder of a study on a host, and which store it shares with others."""

import socket
import uuid
from pathlib import Path
from typing import Literal, NamedTuple, Self

from echoic.config import Section
from echoic.run import damage_named
from echoic.run.sealed import read_json, unsealed, write_json


class Place(NamedTuple):
    """The folder of a study on a host; one process at a time works in it.

    Attributes:
        id: tells folders apart; host names and paths may be the same.
        host: the name of the host.
        folder: the absolute path there.
    """

    id: str
    host: str
    folder: str

    @property
    def path(self) -> Path | None:
        """The folder, if it can be reached from this host."""
        path = Path(self.folder)
        try:
            joined = read_joined(path)
        except OSError:
            return None
        return path if joined is not None and joined.place == self.id else None


class Joined(Section):
    """What store.json has: the store of a study that hosts share, and the name of this folder in it.

    Attributes:
        storage: the URL of the store, without its password.
        study: the name of the study in the store.
        place: the id of this folder.
    """

    format: Literal[1] = 1
    storage: str
    study: str
    place: str

    @classmethod
    def new(cls, storage: str, study: str) -> Self:
        """For a new folder."""
        return cls(storage=storage, study=study, place=uuid.uuid4().hex)


def write_joined(folder: Path, joined: Joined) -> None:
    """Writes store.json."""
    write_json(folder / "store.json", joined.model_dump(mode="json"))


def read_joined(folder: Path) -> Joined | None:
    """The contents of store.json; None for a study of this host alone.

    Raises:
        RunError: the file is damaged.
    """
    path = folder / "store.json"
    if not path.exists():
        return None
    content = unsealed(path, read_json(path), required=True)
    with damage_named(path):
        return Joined(**content)


def this_place(folder: Path, joined: Joined | None) -> Place:
    """The folder on this host; that of a study of this host alone needs no id."""
    return Place("" if joined is None else joined.place, socket.gethostname(), str(folder.resolve()))
