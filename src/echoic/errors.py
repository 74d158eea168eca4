"""Errors that echoic raises deliberately.

Each message is one sentence that names the place and the remedy. The command prints it and exits with
`exit_code`; a Python user catches `EchoicError`, or the builtin that the class also is.
"""

_MOST_SHOWN = 2000
"""Characters of a message that are shown; what a file holds may be part of it."""


class EchoicError(Exception):
    """Base class of all errors that echoic raises deliberately.

    Names and values of files may be part of a message, so control characters in it are shown as the escapes of Python,
    line ends as spaces, and the middle of a very long one is left out.
    """

    exit_code = 1

    def __str__(self) -> str:
        message = super().__str__()
        shown = message if message.isprintable() else "".join(map(_shown, message))
        if len(shown) > _MOST_SHOWN:
            return f"{shown[: _MOST_SHOWN // 2]} ... {shown[-_MOST_SHOWN // 4 :]}"
        return shown


class DataError(EchoicError, ValueError):
    """The data are invalid; the message names the file, row and column."""

    exit_code = 2


class TrainingDataError(DataError):
    """The data that a run was trained on are needed, and are missing or have changed."""


class ChangedDataError(TrainingDataError):
    """The data that a run was trained on have changed."""


class ConfigError(EchoicError, ValueError):
    """A setting is unknown, or its value is not allowed."""

    exit_code = 2


class ShapeError(EchoicError, ValueError):
    """An array does not have the required shape."""

    exit_code = 2


class RunError(EchoicError, OSError):
    """A run folder is missing, damaged, locked or cannot be written."""

    exit_code = 2


class TrainingError(EchoicError, RuntimeError):
    """Training cannot continue; the weights of the last good step are kept."""


class LostProcessError(TrainingError):
    """Another process of the same training has ended, or cannot be reached."""


class KernelError(EchoicError, ValueError):
    """The kernel named by `ECHOIC_KERNEL` is not available."""

    exit_code = 2


class MissingExtraError(EchoicError, ImportError):
    """An optional package is not installed; the message has the command that installs it."""

    exit_code = 2


class Interrupted(EchoicError):  # noqa: N818
    """SIGINT, SIGTERM or SIGHUP was received; the run can be resumed."""

    def __init__(self, message: str, signal_number: int) -> None:
        super().__init__(message)
        self.exit_code = 128 + signal_number


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return " " if character.isspace() else character.encode("unicode_escape").decode()
