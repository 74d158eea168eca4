"""`echoic live --to`: what comes through a pipe goes to a run of a server, and its results come back."""

import asyncio
from collections.abc import Callable, Iterator
from typing import IO, Any

from echoic.api.live_input import LiveInput, chunks_of, opened_input, reading
from echoic.signals import Ended, handling
from echoic.streams.live import Record
from echoic.web.client.address import ServedRun, ServerAddress
from echoic.web.client.feed import Feed
from echoic.web.client.sender import Sender


def send_live(
    address: ServerAddress,
    run: ServedRun,
    source: str,
    described: Callable[[IO[bytes]], LiveInput],
    on_record: Callable[[Record], None],
    on_status: Callable[[str], None],
) -> None:
    """Sends what comes from `source`, `-` for standard input, until it ends; `described` is its description.

    Raises:
        DataError: the input cannot be used, or the server refuses something.
        ServerError: the server cannot be reached any more, or it refuses the client.
    """

    def items() -> Iterator[Any]:
        with opened_input(source, has_buffer=False) as file:
            given = described(file)
            options, reader = reading(run, run.channel, given)
            yield {name: value for name, value in options.items() if value is not None}
            yield from chunks_of(run, reader, given)

    async def send() -> None:
        feed = Feed(items)
        await Sender(address, run, await feed.next(), on_record, on_status).send(feed)

    asyncio.run(_until_ended(send))


async def _until_ended(send: Callable[[], Any]) -> None:
    """Runs `send`; a signal ends it between two of its steps, so that connections are closed in order."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    with handling(lambda number, _frame: loop.call_soon_threadsafe(_note, ended, number)):
        work = asyncio.ensure_future(send())
        await asyncio.wait({work, ended}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            await work
            return
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    raise Ended(ended.result())


def _note(ended: "asyncio.Future[int]", number: int) -> None:
    if not ended.done():
        ended.set_result(number)
