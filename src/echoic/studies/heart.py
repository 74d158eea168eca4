"""Signs of life of a host, in a thread beside its work."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from echoic.errors import RunError


@contextlib.contextmanager
def beating(beat: Callable[[], None], interval_s: float) -> Iterator[None]:
    """Calls `beat` at intervals for the block; a store that cannot be reached is tried again at the next one."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(interval_s):
            with contextlib.suppress(RunError):
                beat()

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
