"""What pages of `echoic serve` and their server send each other, and how to wait for it."""

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, WebSocket

_UP_TO_S = 300.0


class Traffic:
    """Messages of pages that are opened with `watch`, in their order: objects, and sound as arrays."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.received: list[Any] = []

    def watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.sent.append(_message(frame)))
        socket.on("framereceived", lambda frame: self.received.append(_message(frame)))

    def objects(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type that were sent."""
        return [one for one in self.sent if isinstance(one, dict) and one["type"] == kind]

    @property
    def blocks(self) -> list[NDArray[np.float32]]:
        """The sound that was sent."""
        return [one for one in self.sent if isinstance(one, np.ndarray)]

    @property
    def samples(self) -> int:
        """The number of samples that were sent."""
        return sum(map(len, self.blocks))

    @property
    def sound(self) -> NDArray[np.float32]:
        """The sound that came."""
        return np.concatenate([np.zeros(0, np.float32), *(one for one in self.received if isinstance(one, np.ndarray))])

    def has_ended(self) -> bool:
        """Whether the sound has ended, and all of it has its result; of a server that is not started again."""
        results = [one for one in self.received if isinstance(one, dict) and one["type"] == "result"]
        ends = len(self.objects("finish"))
        return ends > 0 and len(results) == len(self.blocks) + ends


def wait_until(page: Page, condition: Callable[[], bool]) -> None:
    """Waits until something holds, of which the page itself shows nothing."""
    limit_s = time.monotonic() + _UP_TO_S
    while not condition():
        assert time.monotonic() < limit_s, f"{condition} does not hold"
        page.wait_for_timeout(20)


def _message(frame: str | bytes) -> Any:
    return np.frombuffer(frame, np.float32) if isinstance(frame, bytes) else json.loads(frame)
