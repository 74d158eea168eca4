"""Generated music as files: MIDI, sound, or an image of the piano-roll."""

from collections.abc import Callable
from pathlib import Path

from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.errors import ConfigError
from echoic.jobs.base import Fitted
from echoic.jobs.music.charts import roll_chart
from echoic.jobs.music.compose import Composition, generate, num_steps
from echoic.jobs.music.task import MusicTask
from echoic.progress import ProgressFn
from echoic.report.figures import chart_bytes
from echoic.writers.files import write_bytes
from echoic.writers.midi import midi_bytes
from echoic.writers.synthesizer import wav_bytes

FIGURES = (".png", ".pdf")

ENDINGS: dict[str, Callable[[Composition], bytes]] = {
    ".mid": lambda made: midi_bytes(made.song),
    ".midi": lambda made: midi_bytes(made.song),
    ".wav": lambda made: wav_bytes(made.song),
    ".png": lambda made: chart_bytes(roll_chart(made), "png"),
    ".pdf": lambda made: chart_bytes(roll_chart(made), "pdf"),
}
"""Encoder of a composition by file ending."""


def write_music(fitted: Fitted[MusicTask], request: MusicRequest, output: Path | None, on_progress: ProgressFn) -> str:
    """Generates a song and writes it to a file; images always show the prime.

    Raises:
        ConfigError: the ending of the output is not supported.
        RunError: the file cannot be written.
    """
    ending = "" if output is None else output.suffix.lower()
    if output is None or ending not in ENDINGS:
        raise ConfigError(f"A music run requires `-o FILE` with one of the endings {', '.join(ENDINGS)}.")
    done, total = 0, num_steps(fitted.task, request)

    def count(_: Roll) -> None:
        nonlocal done
        done += 1
        on_progress(done, total)

    made = generate(fitted, request, count)
    write_bytes(output, ENDINGS[ending](made.with_prime() if request.keep_prime and ending not in FIGURES else made))
    return f"{output}: {made.summary}"
