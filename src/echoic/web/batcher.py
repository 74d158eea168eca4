"""Steps the streams of all connections together: one call of a network for all that are due."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar, final

from echoic.streams.live import LiveStream
from echoic.web.monitoring import Monitor

GATHER_S = 0.01
"""How long a batch waits for more chunks, where the last one had `MANY`: a call of a network has a cost of its own."""

MANY = 8

T = TypeVar("T")


class _Due(NamedTuple):
    stream: LiveStream[Any, Any, Any]
    chunk: Any
    state: Any
    answer: asyncio.Future[tuple[Any, Any]]


@final
class Batcher:
    """Collects chunks while the network is busy, then processes all of one stream together, in a thread of its own."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._due: list[_Due] = []
        self._wake = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "echoic-network")

    async def push(self, stream: LiveStream[Any, Any, Any], chunk: Any, state: Any) -> tuple[Any, Any]:
        """The result of a chunk and the state after it.

        Raises:
            DataError: the chunk is refused; others in the same batch are not affected.
            Exception: what else a network raises, as of a state that was forged; it ends no other connection.
        """
        answer: asyncio.Future[tuple[Any, Any]] = asyncio.get_running_loop().create_future()
        self._due.append(_Due(stream, chunk, state, answer))
        self._wake.set()
        return await answer

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Another use of a network, in the same thread, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)

    async def run(self) -> None:
        """Processes batches until it is cancelled."""
        due = list[_Due]()
        try:
            while True:
                await self._wake.wait()
                if len(due) >= MANY:
                    await asyncio.sleep(GATHER_S)
                self._wake.clear()
                due, self._due = self._due, []
                by_stream: dict[int, list[_Due]] = {}
                for one in due:
                    by_stream.setdefault(id(one.stream), []).append(one)
                for batch in by_stream.values():
                    for one, answer in zip(batch, await self.call(_pushed, batch), strict=True):
                        _answer(one.answer, answer)
                    self._monitor.batches += 1
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)


def _pushed(batch: Sequence[_Due]) -> list[tuple[Any, Any] | Exception]:
    """The answers of one stream; if one chunk fails, each is tried alone."""
    stream = batch[0].stream
    try:
        results, states = stream.push_many([one.chunk for one in batch], [one.state for one in batch])
        return list(zip(results, states, strict=True))
    except Exception as error:  # noqa: BLE001 (a client sends its state, so that anything may fail)
        return [error] if len(batch) == 1 else [answer for one in batch for answer in _pushed([one])]


def _answer(future: asyncio.Future[tuple[Any, Any]], answer: tuple[Any, Any] | Exception) -> None:
    if future.done():  # its connection has gone
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
