"""Errors of the server and of its clients."""

from echoic.errors import EchoicError


class DroppedError(EchoicError):
    """A client sends more than it may, or does not read what it is sent."""


class ServerError(EchoicError):
    """A server cannot be reached, or it refuses a client."""

    exit_code = 2
