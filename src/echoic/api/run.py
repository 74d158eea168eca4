"""A trained run, opened from its folder: evaluate, predict, generate, stream, resume."""

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, final

from echoic.api.scored import ScoredRun
from echoic.api.usable_parts import use_all
from echoic.components import Components
from echoic.config.inputs import OnError
from echoic.errors import ConfigError
from echoic.jobs.capabilities import (
    Generates,
    Streams,
    jobs_with_option,
    require,
)
from echoic.progress import ProgressFn, no_progress
from echoic.run import RunFolder
from echoic.streams.live import LiveStream


@final
class Run(ScoredRun):
    """A run folder with its task over the data and its trained network.

    Returned by `echoic.train`, `echoic.fit` and `echoic.load`. The data are read when they are first needed, and
    checked against the fingerprint taken in training.
    """

    def generate(
        self,
        length: Any = None,
        *,
        on_chunk: Callable[[Any], None] = lambda _: None,
        on_error: OnError = "skip",
        **options: Any,
    ) -> Any:
        """Lets the network feed on its own output.

        Args:
            length: steps, or another unit of the job such as `"32bars"`; by default the job's.
            on_chunk: called with each piece as soon as it is generated.
            on_error: "skip" leaves out files and series of the prime that cannot be continued, and warns with their
                number and the reasons; "stop" raises an error instead.
            options: fields of the job's request, such as `prime`, `temperature` and `seed`.

        Returns:
            A list of `Series` (forecast), a `Composition` (music), a string (text) or `Sound` (audio).

        Raises:
            ConfigError: the job does not generate, or an option is unknown or out of range.
        """
        job = require(self.job, Generates, "generate")
        fitted = self._using(on_error)

        def continued(prime: Any) -> Any:
            return job.generate(fitted, self.request(length, **options | _prime(prime)), on_chunk)

        return use_all(fitted, options.get("prime"), continued, on_error)

    def write(
        self,
        output: str | Path | None,
        length: Any = None,
        *,
        on_error: OnError = "skip",
        on_progress: ProgressFn = no_progress,
        **options: Any,
    ) -> str:
        """As `generate`, into a file whose ending decides its format; returns a summary in one line.

        Raises:
            ConfigError: as for `generate`, or the job cannot write such a file.
            RunError: the file cannot be written.
        """
        job = require(self.job, Generates, "generate")
        path = None if output is None else Path(output)
        fitted = self._using(on_error)

        def written(prime: Any) -> str:
            return job.write(fitted, self.request(length, **options | _prime(prime)), path, on_progress)

        return use_all(fitted, options.get("prime"), written, on_error)

    def request(self, length: Any = None, **options: Any) -> Any:
        """The options of `generate`, validated.

        Raises:
            ConfigError: the job does not generate, or an option is unknown or out of range.
        """
        require(self.job, Generates, "generate")
        request_class = self.settings.request_class
        if request_class is None:
            raise TypeError(f"the job {self.job.name} generates and has no request_class")
        for name in options.keys() - request_class.model_fields.keys():
            if others := jobs_with_option(name):
                raise ConfigError(f"`{name}` is not an option of {self.job.name} runs; it is for {others} runs.")
        return request_class.build(**options | ({} if length is None else {"length": length}))

    def stream(self, **options: Any) -> LiveStream[Any, Any, Any]:
        """The run as a stream: `state = stream.start()`, then `result, state = stream.push(chunk, state)`.

        Chunks are data as they come: sound (detect, classify, audio), values (forecast, and detect or classify on
        sensors), characters (text) or steps of a piano-roll (music). Streams of text, music and audio continue any
        state by `stream.generate`.

        Args:
            options: those of the job's stream: `rate_hz` of sound, `pause_s` that ends a clip, `series` of a forecast.

        Raises:
            ConfigError: this network requires whole sequences (the message names the setting to train with), or an
                option is unknown or out of range.
        """
        job = require(self.job, Streams, "stream")
        known = list(inspect.signature(job.stream).parameters)[1:]
        for name in options:
            if name not in known:
                has = f"it has {', '.join(known)}" if known else "it has none"
                raise ConfigError(f"`stream` has no option `{name}` for {self.job.name} runs; {has}.")
        return job.stream(self.fitted, **options)


def load(path: str | Path, *, data: Any = None, components: Mapping[str, Any] | None = None) -> Run:
    """Opens a run folder.

    Args:
        path: the run folder.
        data: replaces training data that were in memory or have moved.
        components: the classes that were passed to `echoic.train`. Nothing is imported by a name in the folder.

    Raises:
        RunError: there is no run at `path`, or it is damaged.
        ConfigError: the run was trained with other components.
    """
    return Run(RunFolder.open(Path(path)), data, Components.build(components))


def _prime(prime: Any) -> dict[str, Any]:
    """The option of a prime; none for the default."""
    return {} if prime is None else {"prime": prime}
