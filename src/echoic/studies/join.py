"""A host joins a study that others work on: all but its folder and its data comes from the store."""

from pathlib import Path
from typing import Any

from echoic import sources
from echoic.api.data_reference import check_present, data_reference
from echoic.api.prepare import Requested
from echoic.errors import ChangedDataError
from echoic.studies.definition import Definition, is_study
from echoic.studies.folder import create
from echoic.studies.place import read_joined
from echoic.studies.postgresql import open_begun, without_password
from echoic.studies.shared import published
from echoic.studies.study import Study


def join_study(
    storage: str, study: str, *, out: str | Path | None = None, data: Any = None, workers: int | None = None
) -> Study:
    """Opens a study that is in a store, in a folder of its own on this host; `Study.resume` works on it.

    Args:
        storage: the URL of the PostgreSQL database.
        study: the name of the study there.
        out: the folder to create, or one that has joined before; by default one of that name here.
        data: the place of the data on this host; by default that on the host which made the study.
        workers: number of processes that train here; by default as on the host which made the study.

    Raises:
        ConfigError: `storage` is not the URL of a PostgreSQL database.
        DataError: the data are not there, or are others.
        MissingExtraError: Optuna or the driver of the store is not installed.
        RunError: there is no such study, the store cannot be used, or `out` is something else.
    """
    path = Path(out if out is not None else study)
    definition = published(open_begun(storage, study))
    changed: dict[str, Any] = {}
    if data is not None:
        changed["data"] = data_reference(data)
    if workers is not None:
        changed["workers"] = workers
    definition = Definition.build(**definition.model_dump() | changed)
    if not _has_joined(path, storage, study):
        _check_data(study, definition)
        create(path, definition, (storage, study))
    return Study(path, storage=storage)


def _has_joined(path: Path, storage: str, study: str) -> bool:
    """Whether a folder is one of this study."""
    joined = read_joined(path) if is_study(path) else None
    return joined is not None and (joined.storage, joined.study) == (without_password(storage), study)


def _check_data(study: str, definition: Definition) -> None:
    """Checks that the data are here, and the same.

    Raises:
        DataError: they are not.
    """
    check_present(f"the study {study}", definition.data, "name its place on this machine with --data PATH")
    settings = Requested.of(definition.job, definition.settings, {}, None).settings.data
    dataset = sources.read(definition.data, settings)
    if dataset.fingerprint != definition.fingerprint:
        raise ChangedDataError(
            f"{dataset.origin} differs from the data of the study {study}; name the same data with --data PATH."
        )
