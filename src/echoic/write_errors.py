"""Sentences about files that cannot be written: the file, the reason, and the remedy."""

import errno
import os
import re
from pathlib import Path

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})
"""Reasons that only writing can have."""

_ELSEWHERE = "choose another place"

_REMEDIES = {
    errno.ENOSPC: f"free some space, or {_ELSEWHERE}",
    errno.EDQUOT: f"remove files of yours, or {_ELSEWHERE}",
    errno.EFBIG: f"raise the limit of file sizes (ulimit -f), or {_ELSEWHERE}",
    errno.EACCES: f"change the permissions, or {_ELSEWHERE}",
    errno.EPERM: f"change the permissions, or {_ELSEWHERE}",
    errno.ENOENT: f"create the folder, or {_ELSEWHERE}",
    errno.ENOTDIR: f"its place is not in a folder; {_ELSEWHERE}",
    errno.EISDIR: "it is a folder; choose the name of a file",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.EIO: f"check the disk, or {_ELSEWHERE}",
}
"""By reason; any other one is met by another place."""

_NUMBER = re.compile(r"\(os error (\d+)\)")
"""The reason in errors of polars."""


def cannot_be_written(path: Path | str, error: Exception) -> str:
    """`PATH cannot be written (REASON): REMEDY`, without a full stop."""
    return f"{path} cannot be written {_why(error)}"


def cannot_be_created(path: Path | str, error: OSError) -> str:
    """As `cannot_be_written`, for a folder."""
    return f"{path} cannot be created {_why(error)}"


def _why(error: Exception) -> str:
    """The reason in the words of the system and the remedy; an error that is none of the system has only its own."""
    found = _NUMBER.search(str(error))
    number = int(found[1]) if found else getattr(error, "errno", None)
    return f"({os.strerror(number)}): {_REMEDIES.get(number, _ELSEWHERE)}" if number else f"({error})"
