"""Chunks as messages to a server, and how fast they may go."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, final

import numpy as np
from pydantic import BaseModel, Field, PositiveInt

from echoic.types.score import ONSET
from echoic.web.allowance import Allowance
from echoic.web.client.address import ServedRun

_TICK_S = 0.005
_BURST_S = 5.0
_SHARE = 0.9
"""Of what the server allows: its clock and the network differ a little, and a page that follows sends a little more."""

_BYTES_PER_CHARACTER = 12
"""A character beyond 16 bits, escaped in JSON."""


Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class TheirLimits(BaseModel):
    """What a server allows."""

    message_bytes: PositiveInt
    messages_per_s: Positive
    steps_per_s: Positive
    speed: Positive


@final
class Pace:
    """Waits so long that a server is sent no more than it allows."""

    def __init__(self, run: ServedRun, rate_hz: float, limits: TheirLimits) -> None:
        self._messages = Allowance(_SHARE * limits.messages_per_s, _BURST_S)
        self._seconds = Allowance(_SHARE, _BURST_S)
        self._units_per_s = limits.speed * rate_hz if run.takes == "sound" else limits.steps_per_s

    async def message(self) -> bool:
        """Waits until a message may go; whether it had to wait."""
        return await _wait(self._messages, 1.0)

    async def data(self, units: int) -> None:
        """Waits until `units` samples, rows, characters or steps may be sent."""
        await _wait(self._seconds, units / self._units_per_s)


async def _wait(allowance: Allowance, units: float) -> bool:
    must_wait = False
    while not allowance.take(units, time.monotonic()):
        must_wait = True
        await asyncio.sleep(_TICK_S)
    return must_wait


def joined(chunks: Sequence[Any]) -> Any:
    """Rows or steps, one after the other."""
    return chunks[0] if len(chunks) == 1 else np.concatenate(chunks)


def pieces_of(run: ServedRun, chunk: Any, limits: TheirLimits) -> Iterator[Any]:
    """A chunk in pieces that fit into a message; only a text may be longer."""
    if run.takes != "text":
        yield chunk
        return
    most = max(1, limits.message_bytes // _BYTES_PER_CHARACTER)
    for at in range(0, len(chunk), most):
        yield chunk[at : at + most]


def message_of(run: ServedRun, chunk: Any) -> str | bytes:
    """A chunk as a message; sound is one of 32-bit floats."""
    if run.takes == "sound":
        return np.asarray(chunk, "<f4").tobytes()
    if run.takes == "text":
        return json.dumps({"type": "push", "text": chunk})
    if run.takes == "values":
        rows = [[None if np.isnan(value) else value for value in row] for row in chunk.tolist()]
        return json.dumps({"type": "push", "values": rows})
    steps = [
        {"pitches": np.flatnonzero(row).tolist(), "onsets": np.flatnonzero(row == ONSET).tolist()} for row in chunk
    ]
    return json.dumps({"type": "push", "steps": steps})
