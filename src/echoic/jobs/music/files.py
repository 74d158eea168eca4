"""Generated music as files: MIDI to play, sound to listen to, a piano-roll to look at."""

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
"""From the ending of a file to its writer."""


def write_music(fitted: Fitted[MusicTask], request: MusicRequest, output: Path | None, on_progress: ProgressFn) -> str:
    """Writes a generated song; pictures show the prime in any case.

    Raises:
        ConfigError: the output has none of the endings.
        RunError: the file cannot be written.
    """
    ending = "" if output is None else output.suffix.lower()
    if output is None or ending not in ENDINGS:
        raise ConfigError(f"A music run needs `-o FILE` with one of the endings {', '.join(ENDINGS)}.")
    done, total = 0, num_steps(fitted.task, request)

    def count(_: Roll) -> None:
        nonlocal done
        done += 1
        on_progress(done, total)

    made = generate(fitted, request, count)
    write_bytes(output, ENDINGS[ending](made.with_prime() if request.keep_prime and ending not in FIGURES else made))
    return f"{output}: {made.summary}"
