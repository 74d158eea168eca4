"""Which data are paths, rather than texts or data in memory."""

import errno
from pathlib import Path
from typing import Any

from echoic.errors import DataError


def is_path(data: Any) -> bool:
    """Whether `data` is a path, or a sequence of paths."""
    named = data if isinstance(data, list | tuple) else [data]
    return bool(named) and all(isinstance(one, str | Path) for one in named)


def check_path(data: str | Path) -> None:
    """Refuses a text that is too long to be a path.

    Raises:
        DataError: it is.
    """
    try:
        Path(data).exists()
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
            raise DataError(
                f"Expected a path, got a text of {len(str(data)):,} characters; pass a text in memory as `text`."
            ) from None
