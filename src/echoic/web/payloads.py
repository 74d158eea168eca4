"""Data in messages: chunks for streams, and results for clients."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from echoic.api.live_signal import SoundStream
from echoic.errors import DataError
from echoic.streams.live import LiveStream
from echoic.types.score import NUM_PITCHES, ONSET, SUSTAIN
from echoic.web.messages import Push, Step

_DIGITS = 4


def data_of(stream: LiveStream[Any, Any, Any], message: Push, state: Any) -> Any:
    """The chunk in a message.

    Raises:
        DataError: it is not what the stream takes.
    """
    fields = {"values": message.values, "text": message.text, "roll": message.steps}
    given = [name for name, value in fields.items() if value is not None]
    if given != [stream.takes]:
        expected = "binary messages" if stream.takes == "sound" else f"`{_FIELDS[stream.takes]}` alone"
        raise DataError(f"This run takes {stream.takes}: send {expected}.")
    if message.text is not None:
        return message.text
    if message.steps is not None:
        return _roll(message.steps, state.last)
    rows = message.values or []
    if any(len(row) != len(stream.features) for row in rows):
        raise DataError(f"Rows must have {len(stream.features)} values: {', '.join(stream.features)}.")
    return np.array(rows, np.float64).reshape(len(rows), len(stream.features))  # None becomes NaN


def frames_of(result: Any) -> dict[str, Any] | None:
    """The probabilities of frames, where a result has them."""
    probs = getattr(result, "probs", None)
    return None if probs is None else {"first": result.first_frame, "probs": probs.round(_DIGITS).tolist()}


def sound_of(stream: LiveStream[Any, Any, Any], result: Any) -> NDArray[np.float32] | None:
    """The sound of a result, where a stream makes some and there is some."""
    if stream.gives != "sound":
        return None
    sound = np.asarray(cast("SoundStream", stream).sound(result), "<f4")
    return sound if len(sound) else None


def generated_of(
    stream: LiveStream[Any, Any, Any], made: Any, request: str, *, is_last: bool
) -> Iterator[dict[str, Any] | bytes]:
    """A piece of what is generated; sound is a binary message before it."""
    about = {"type": "generated", "id": request, "done": is_last}
    if stream.takes == "sound":
        yield np.asarray(made, "<f4").tobytes()
        yield about | {"samples": len(made)}
    elif stream.takes == "text":
        yield about | {"text": made}
    else:
        steps = [
            {"pitches": np.flatnonzero(step).tolist(), "onsets": np.flatnonzero(step == ONSET).tolist()}
            for step in made
        ]
        yield about | {"steps": steps}


def shared_of(message: Push | bytes, chunk: Any) -> list[dict[str, Any] | bytes]:
    """What a client has sent, for those that follow it; sound, as floats, is a binary message before it."""
    if isinstance(message, Push):
        given = {name: value for name, value in message.model_dump().items() if value is not None}
        return [given | {"type": "shared"}]
    return [np.asarray(chunk, "<f4").tobytes(), {"type": "shared", "samples": len(chunk)}]


_FIELDS = {"values": "values", "text": "text", "roll": "steps"}


def _roll(steps: list[list[int] | Step], last: Any) -> Any:
    """Steps of a piano-roll from the pitches that sound; those of the step before are held, unless they begin again."""
    roll = np.zeros((len(steps), NUM_PITCHES), np.uint8)
    for row, step in zip(roll, steps, strict=True):
        pitches, onsets = (step.pitches, step.onsets) if isinstance(step, Step) else (step, [])
        row[pitches] = np.where(last[pitches] > 0, SUSTAIN, ONSET)
        row[onsets] = ONSET
        last = row
    return roll
