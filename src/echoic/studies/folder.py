"""The folder of a new study."""

from pathlib import Path

from echoic.errors import ConfigError, RunError
from echoic.studies.definition import Definition, is_study, write_definition
from echoic.studies.opened import OpenStudy
from echoic.studies.place import Joined, write_joined
from echoic.studies.postgresql import open_postgresql, without_password
from echoic.studies.shared import publish
from echoic.write_errors import cannot_be_created


def create(path: Path, definition: Definition, shared: tuple[str, str] | None = None) -> None:
    """Makes the folder of a study with its store.

    Args:
        path: the folder.
        definition: the study.
        shared: the URL of the store and the name of the study there, if several hosts work on it.

    Raises:
        ConfigError: the store has another study of this name.
        RunError: the folder exists, or cannot be written, or the store cannot be used.
    """
    ensure_new(path)
    if shared is not None:
        publish(open_postgresql(*shared), definition)
    try:
        (path / "trials").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{cannot_be_created(path, error)}.") from None
    if shared is not None:
        write_joined(path, Joined.new(without_password(shared[0]), shared[1]))
    write_definition(path, definition)
    if shared is None:
        OpenStudy(path, definition)


def name_of(study: str | None, out: str | Path | None) -> str:
    """The name of a study in its store: the given one, or that of its folder.

    Raises:
        ConfigError: there is neither.
    """
    name = ("" if out is None else Path(out).resolve().name) if study is None else study
    if not name or len(name) > 200:
        raise ConfigError("A study in `storage` needs a name, of 200 characters at most; give one with --study.")
    return name


def ensure_new(path: Path) -> None:
    """Checks that `path` does not exist, or is an empty folder.

    Raises:
        RunError: it exists.
    """
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    resume = f", or resume it with `echoic tune --resume {path}`" if is_study(path) else ""
    raise RunError(f"{path} already exists; choose another --out{resume}.")
