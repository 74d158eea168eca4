"""Why a client is dropped."""

from echoic.errors import EchoicError


class DroppedError(EchoicError):
    """A client sends more than it may, or does not read what it is sent."""
