"""Errors in the contents of a run's files, as errors of the run."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from echoic.errors import ConfigError, EchoicError, RunError

_MAX_REASON = 200


@contextlib.contextmanager
def damage_named(path: Path) -> Iterator[None]:
    """Turns what goes wrong in using the contents of `path` into a `RunError` that names it.

    Digests find damage; this is for folders of format 1, and for those that someone has made by hand.

    Raises:
        RunError: the contents lack something, or have the wrong types, shapes, sizes or settings.
    """
    try:
        yield
    except ConfigError as error:
        raise RunError(f"{path}: {error}") from error
    except EchoicError:
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}".replace("\n", " ")[:_MAX_REASON]
        raise RunError(
            f"{path} does not hold what this run needs ({reason}); restore the file, or train again."
        ) from error
