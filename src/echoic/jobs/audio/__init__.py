"""Learn recordings and generate sound of any length."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final

from echoic.baselines.sound import LinearPrediction
from echoic.config.audio import AudioRequest
from echoic.jobs.audio.charts import charts
from echoic.jobs.audio.evaluate import AudioEvaluation, evaluate
from echoic.jobs.audio.files import write_sound
from echoic.jobs.audio.live import AudioStream
from echoic.jobs.audio.render import Sound, generate
from echoic.jobs.audio.task import AudioTask as AudioTask
from echoic.jobs.base import Fitted, Job
from echoic.progress import ProgressFn
from echoic.report.charts import Chart
from echoic.types import Floats


@final
class AudioJob(Job[AudioTask]):
    """Learn recordings and generate sound of any length."""

    name = "audio"
    task_class = AudioTask

    def evaluate(self, fitted: Fitted[AudioTask], data: Any, split: str, on_progress: ProgressFn) -> AudioEvaluation:
        return evaluate(fitted, data, split, on_progress)

    def check_baselines(self, baselines: Mapping[str, Any], task: AudioTask) -> None:
        """Its arrays can be read, and are of the scale of the run."""
        LinearPrediction.from_json(baselines, task.scale)

    def charts(
        self, fitted: Fitted[AudioTask], metrics: Sequence[Mapping[str, Any]], evaluation: AudioEvaluation | None
    ) -> list[Chart]:
        return charts(fitted, metrics, evaluation)

    def generate(self, fitted: Fitted[AudioTask], request: AudioRequest, on_chunk: Callable[[Floats], None]) -> Sound:
        """Generates streams of sound."""
        return generate(fitted, request, on_chunk)

    def write(
        self, fitted: Fitted[AudioTask], request: AudioRequest, output: Path | None, on_progress: ProgressFn
    ) -> str:
        """Writes sound files, or an image of the spectrogram."""
        return write_sound(fitted, request, output, on_progress)

    def stream(self, fitted: Fitted[AudioTask], rate_hz: int | None = None) -> AudioStream:
        """From sound to further sound."""
        return AudioStream(fitted, rate_hz)


AUDIO = AudioJob()
