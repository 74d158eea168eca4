"""What crosses the pipe beside orders and answers: errors, and the objects that workers begin with."""

import base64
import sys
from collections.abc import Mapping
from multiprocessing.reduction import ForkingPickler
from typing import Any

from echoic import errors
from echoic.errors import ConfigError, EchoicError


def error_sent(error: EchoicError) -> dict[str, str]:
    """An error as JSON."""
    return {"kind": type(error).__name__, "text": str(error)}


def error_of(sent: Mapping[str, str]) -> EchoicError:
    """The error that a worker has met."""
    kind: type[EchoicError] = vars(errors)[sent["kind"]]
    return kind(sent["text"])


def objects_sent(objects: Any) -> dict[str, Any]:
    """Objects as JSON, for a process of our own; they never come from a file.

    Raises:
        ConfigError: one of them cannot be sent.
    """
    try:
        return {"path": sys.path, "objects": base64.b64encode(ForkingPickler.dumps(objects)).decode()}
    except Exception as error:  # noqa: BLE001 (there are many ways not to be copied)
        raise ConfigError(
            f"The data or components cannot be sent to other processes ({error}); use one worker."
        ) from None


def objects_of(sent: Mapping[str, Any]) -> Any:
    """The objects that the parent has sent.

    Raises:
        ConfigError: the class of one is defined in the script itself, which other processes do not run.
    """
    sys.path[:] = sent["path"]
    try:
        return ForkingPickler.loads(base64.b64decode(sent["objects"]))
    except AttributeError as error:
        raise ConfigError(
            f"The components cannot be sent to other processes ({error}); define them in a module of their own, or use "
            "one worker."
        ) from None
