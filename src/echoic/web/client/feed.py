"""An input that is read in a thread, while what it has given is sent."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any, final

AHEAD = 64
"""Chunks that are read before they are sent; then the input waits."""

END = object()
"""Comes after the last item."""


@final
class Feed:
    """Items of an iterator that waits for its input.

    Args:
        items: called in the thread; errors in it are raised by `next`.
    """

    def __init__(self, items: Callable[[], Iterator[Any]]) -> None:
        self._items = items
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD)
        self._loop = asyncio.get_running_loop()
        # It may wait for its input for ever, and must not keep the process.
        threading.Thread(target=self._read, daemon=True).start()

    async def next(self) -> Any:
        """The next item, or END, which is also all that comes after it."""
        item = await self._queue.get()
        self._room.release()
        if self._is_last(item):
            self._queue.put_nowait(item)
        if isinstance(item, Exception):
            raise item
        return item

    def waiting(self) -> list[Any]:
        """Items that have been read already."""
        found = []
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if self._is_last(item):
                self._queue.put_nowait(item)
                break
            self._room.release()
            found.append(item)
        return found

    @staticmethod
    def _is_last(item: Any) -> bool:
        return item is END or isinstance(item, Exception)

    def _read(self) -> None:
        last: Any = END
        try:
            for item in self._items():
                if not self._put(item):
                    return
        except Exception as error:  # noqa: BLE001 (raised where it is awaited)
            last = error
        self._put(last)

    def _put(self, item: Any) -> bool:
        self._room.acquire()
        try:
            self._loop.call_soon_threadsafe(self._queue.put_nowait, item)
        except RuntimeError:  # the loop has ended
            return False
        return True
