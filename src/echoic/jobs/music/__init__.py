"""Learn songs, optionally in all keys, and continue them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.jobs.base import Fitted, Job
from echoic.jobs.music.charts import charts
from echoic.jobs.music.compose import Composition, generate
from echoic.jobs.music.evaluate import MusicEvaluation, evaluate
from echoic.jobs.music.files import write_music
from echoic.jobs.music.live import MusicStream
from echoic.jobs.music.task import MusicTask as MusicTask
from echoic.progress import ProgressFn
from echoic.report.charts import Chart


@final
class MusicJob(Job[MusicTask]):
    """Learn songs, optionally in all keys, and continue them."""

    name = "music"
    task_class = MusicTask

    def evaluate(self, fitted: Fitted[MusicTask], data: Any, split: str, on_progress: ProgressFn) -> MusicEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def charts(
        self, fitted: Fitted[MusicTask], metrics: Sequence[Mapping[str, Any]], evaluation: MusicEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def generate(
        self, fitted: Fitted[MusicTask], request: MusicRequest, on_chunk: Callable[[Roll], None]
    ) -> Composition:
        """Continues a song."""
        return generate(fitted, request, on_chunk)

    def write(
        self, fitted: Fitted[MusicTask], request: MusicRequest, output: Path | None, on_progress: ProgressFn
    ) -> str:
        """Writes a song as MIDI, sound or an image."""
        return write_music(fitted, request, output, on_progress)

    def stream(self, fitted: Fitted[MusicTask]) -> MusicStream:
        """From steps of a piano-roll to their surprise, and on from any state."""
        return MusicStream(fitted)


MUSIC = MusicJob()
