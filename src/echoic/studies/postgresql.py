"""A PostgreSQL server as the store of a study: many hosts work on it at a time."""

import contextlib
import functools
import os
import warnings
from collections.abc import Iterator
from typing import Any

from echoic.errors import ConfigError, RunError
from echoic.extras import LazyModule
from echoic.studies.store import Store, optuna, store_errors

EXAMPLE = "postgresql+psycopg://user@host/database"

_GRACE_S = 60
"""After how long without a sign of life the trials of a host are given to others."""

_MOST_HEARTBEAT_S = 10

_REMEDY = (
    "check the address and the server; a password comes from PGPASSWORD or ~/.pgpass. What is trained is kept, and the "
    "study is resumed with `echoic tune --resume`."
)

_SESSION = {
    "timezone": "UTC",  # hosts compare times
    # A host that vanishes while it holds a lock holds it no longer than this.
    "idle_in_transaction_session_timeout": "60s",
    "lock_timeout": "120s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_CONNECTION = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


def parsed(url: str) -> Any:
    """The URL of a store.

    Raises:
        ConfigError: it is not one of PostgreSQL.
        MissingExtraError: the driver is not installed.
    """
    _ = optuna.__name__
    from sqlalchemy.engine import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        found = make_url(url)
        if "@" in (found.host or ""):
            raise ValueError  # noqa: TRY301 - the end of a password
    except (ArgumentError, ValueError):  # its text, which may hold a password, is not shown
        raise ConfigError(
            f"`--storage` must be the URL of a PostgreSQL database, such as {EXAMPLE}; a port is a number, and @ and / "
            "in a name or password are written as %40 and %2F."
        ) from None
    if found.drivername not in ("postgresql", "postgresql+psycopg"):
        raise ConfigError(
            f"A study of many machines is kept in PostgreSQL ({EXAMPLE}), and not in {found.drivername}; that of one "
            "machine needs no `--storage`."
        )
    if not found.database:
        raise ConfigError(f"`--storage` names no database; give one, such as {EXAMPLE}.")
    _ = LazyModule("psycopg").__name__
    return found.set(drivername="postgresql+psycopg")


def without_password(url: str) -> str:
    """The URL as it may be kept and shown.

    Raises:
        ConfigError: it is not one of PostgreSQL.
    """
    from sqlalchemy.engine import URL  # noqa: PLC0415

    found = parsed(url).difference_update_query(["password"])
    shown = URL.create(found.drivername, found.username, None, found.host, found.port, found.database, found.query)
    return str(shown.render_as_string(hide_password=False))


def grace_s() -> int:
    """After how many seconds without a sign of life a host is taken for dead.

    Raises:
        ConfigError: ECHOIC_GRACE_S is not such a number.
    """
    given = os.environ.get("ECHOIC_GRACE_S") or str(_GRACE_S)
    if not given.isdecimal() or not int(given):
        raise ConfigError(f"ECHOIC_GRACE_S must be a whole number of seconds, such as {_GRACE_S}; it is {given!r}.")
    return int(given)


def heartbeat_s() -> int:
    """Seconds between signs of life."""
    return max(1, min(_MOST_HEARTBEAT_S, grace_s() // 4))


def open_begun(url: str, study: str) -> Store:
    """As `open_postgresql`, for a study that is there: in another database, nothing is made.

    Raises:
        ConfigError: it is not a URL of PostgreSQL.
        MissingExtraError: the driver is not installed.
        RunError: the database cannot be used, or has no such study.
    """
    import sqlalchemy  # noqa: PLC0415

    engine = sqlalchemy.create_engine(parsed(url), poolclass=sqlalchemy.pool.NullPool, connect_args=_CONNECTION)
    with store_errors(without_password(url), _REMEDY), engine.connect() as connection:
        has_any = sqlalchemy.inspect(connection).has_table("studies")
        found = connection.execute(sqlalchemy.text("SELECT study_name FROM studies")).scalars() if has_any else ()
        names = sorted(one for one in found if not one.endswith("-confirmation"))
    if study not in names:
        there = f"there are {', '.join(names)}" if names else "there is none yet"
        raise RunError(f"There is no study {study} in the store; {there}.")
    return open_postgresql(url, study)


def open_postgresql(url: str, study: str) -> Store:
    """The database at `url`, in which the tables are made if there are none.

    Raises:
        ConfigError: it is not a URL of PostgreSQL.
        MissingExtraError: the driver is not installed.
        RunError: the database cannot be used.
    """
    import sqlalchemy  # noqa: PLC0415

    address, label = parsed(url), without_password(url)
    options = " ".join([*_given(address), *(f"-c {name}={value}" for name, value in _SESSION.items())])
    arguments: dict[str, Any] = {"connect_args": _CONNECTION | {"options": options}, "pool_pre_ping": True}
    # Optuna fills in braces.
    text = address.render_as_string(hide_password=False).replace("{", "{{").replace("}", "}}")
    # Tables are made by one host at a time.
    opening = sqlalchemy.create_engine(address, poolclass=sqlalchemy.pool.NullPool, **arguments)
    with store_errors(label, _REMEDY), _locked(opening, ""), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            storage = optuna.storages.RDBStorage(
                text, engine_kwargs=arguments, heartbeat_interval=heartbeat_s(), grace_period=grace_s()
            )
        except RuntimeError as error:
            if isinstance(error, optuna.exceptions.OptunaError):
                raise
            raise RunError(f"{label} is of another version of Optuna; install the same one on all machines.") from None
    lock = functools.partial(_locked, storage.engine, study)
    return Store(storage, study, label=label, remedy=_REMEDY, lock=lock, is_shared=True)


@contextlib.contextmanager
def _locked(engine: Any, name: str) -> Iterator[None]:
    """Holds a lock of the server, in a transaction, so that it ends with the connection."""
    import sqlalchemy  # noqa: PLC0415

    with engine.connect() as connection:
        statement = sqlalchemy.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        connection.execute(statement, {"name": f"echoic {name}"})
        yield


def _given(address: Any) -> tuple[str, ...]:
    """The options of the session in the URL itself."""
    found = address.query.get("options", ())
    return (found,) if isinstance(found, str) else tuple(found)
