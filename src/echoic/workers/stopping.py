"""How several trainings end before their time: by a signal."""

import contextlib
from collections.abc import Iterator
from signal import SIGINT

from echoic.errors import Interrupted
from echoic.signals import Ended


@contextlib.contextmanager
def resumable(command: str) -> Iterator[None]:
    """Says how to resume after a signal.

    Raises:
        Interrupted: a signal came.
    """
    try:
        yield
    except Interrupted as error:
        number = error.exit_code - 128
        raise Interrupted(_sentence(command), number) from None
    except (Ended, KeyboardInterrupt) as error:
        number = error.number if isinstance(error, Ended) else SIGINT
        raise Interrupted(_sentence(command), number) from error


def _sentence(command: str) -> str:
    return f"Stopped, and saved; resume with `{command}`."
