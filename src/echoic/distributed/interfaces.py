"""The network between the machines of a training."""

import contextlib
import os
import socket
import struct
import sys
from collections.abc import Iterator

_NAME = "GLOO_SOCKET_IFNAME"
_SIOCGIFADDR = 0x8915
"""Linux's request for the address of a network interface."""


@contextlib.contextmanager
def chosen_interface(first_host: str, *, is_local: bool) -> Iterator[None]:
    """Has Gloo use, in the block, the loopback interface if all processes are here, else that to the first host.

    By itself Gloo takes the address that the name of this machine resolves to, which may be none that others can reach,
    or one that is open to all of a network. A name that the user has chosen stays.
    """
    name = None
    if _NAME not in os.environ and hasattr(socket, "if_nameindex"):
        name = _loopback() if is_local else interface_to(first_host)
    if name is None:
        yield
        return
    os.environ[_NAME] = name
    try:
        yield
    finally:
        del os.environ[_NAME]


def interface_to(host: str) -> str | None:
    """The interface of this machine by which `host` is reached; None if that is unknown, or is this machine's own."""
    if not sys.platform.startswith("linux"):
        return None
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((host, 9))  # sends nothing
        own = probe.getsockname()[0]
        names = [name for _, name in socket.if_nameindex()]
        return next((name for name in names if name != _loopback() and _address(name) == own), None)
    return None


def _loopback() -> str | None:
    names = [name for _, name in socket.if_nameindex()]
    return next((name for name in ("lo", "lo0") if name in names), None)


def _address(interface: str) -> str | None:
    from fcntl import ioctl  # noqa: PLC0415 - not on Windows

    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("256s", interface.encode()[:15])
        return socket.inet_ntoa(ioctl(probe.fileno(), _SIOCGIFADDR, request)[20:24])
    return None
