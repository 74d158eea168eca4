"""A run that is served: its streams by their options, and how it is presented to clients."""

from collections import OrderedDict
from typing import Any, final

from echoic.api.live_input import channel_of
from echoic.api.run import Run
from echoic.errors import ConfigError
from echoic.streams.live import GeneratingStream, LiveStream
from echoic.web.sharing import Sharing

_PRESENTED = ("gives", "output_hz", "labels", "classes", "delay_s", "hop_s", "history_steps", "step_beats", "step_s")
"""Attributes of streams that a page shows, where a stream has them."""


@final
class ServedRun:
    """A run under the name of its folder."""

    def __init__(self, run: Run, most_streams: int) -> None:
        self.name = run.path.name
        self.run = run
        self._most = most_streams
        self._streams: OrderedDict[str, LiveStream[Any, Any, Any]] = OrderedDict()
        self.plain = self.stream({})  # refused before the server starts
        self.sharing = Sharing()
        self._state_bytes = len(self.plain.to_bytes(self.plain.start()))

    def stream(self, options: dict[str, Any]) -> LiveStream[Any, Any, Any]:
        """The stream with these options; those with the same ones share it.

        Raises:
            ConfigError: an option is unknown or out of range.
        """
        key = repr(sorted(options.items()))
        if key in self._streams:
            self._streams.move_to_end(key)
            return self._streams[key]
        for name, value in options.items():
            if not isinstance(value, int | float | str) or isinstance(value, bool):
                raise ConfigError(f"`{name}` must be a number or a text, got {value!r:.40}.")
        stream = self.run.stream(**options)
        self._streams[key] = stream
        if len(self._streams) > self._most:
            self._streams.popitem(last=False)
        return stream

    def presented(self) -> dict[str, Any]:
        """The run as plain JSON values."""
        stream = self.plain
        shown = {name: getattr(stream, name) for name in _PRESENTED if hasattr(stream, name)}
        return {
            "run": self.name,
            "job": stream.job,
            "takes": stream.takes,
            "rate_hz": stream.rate_hz,
            "features": list(stream.features),
            "channel": channel_of(self.run),
            "generates": isinstance(stream, GeneratingStream),
            "state_bytes": self._state_bytes,
            **shown,
        }
