"""Generated music as files: MIDI, sound, or an image of the piano-roll."""

from collections.abc import Callable
from pathlib import Path

from echoic.codecs.pianoroll import Roll
from echoic.config.music import MusicRequest
from echoic.errors import ConfigError
from echoic.jobs.base import Fitted
from echoic.jobs.music.charts import roll_chart
from echoic.jobs.music.clock import Clock
from echoic.jobs.music.compose import continue_song, prime_of
from echoic.jobs.music.task import MusicTask
from echoic.progress import ProgressFn
from echoic.report.figures import chart_bytes
from echoic.types.score import Song
from echoic.writers.files import write_bytes
from echoic.writers.midi import midi_bytes
from echoic.writers.synthesizer import wav_bytes

FIGURES = (".png", ".pdf")

SONGS: dict[str, Callable[[Song], bytes]] = {".mid": midi_bytes, ".midi": midi_bytes, ".wav": wav_bytes}
"""Encoder of a song by file ending."""

ENDINGS = (*SONGS, *FIGURES)


def write_music(fitted: Fitted[MusicTask], request: MusicRequest, output: Path | None, on_progress: ProgressFn) -> str:
    """Generates a song and writes it to a file; images always show the prime.

    Raises:
        ConfigError: the ending of the output is not supported.
        RunError: the file cannot be written.
    """
    ending = "" if output is None else output.suffix.lower()
    if output is None or ending not in ENDINGS:
        raise ConfigError(f"A music run requires `-o FILE` with one of the endings {', '.join(ENDINGS)}.")
    known = prime_of(fitted.task, request)
    done, total = 0, Clock.of(known).steps(request.length, known.steps)

    def count(chunk: Roll) -> None:
        nonlocal done
        done += len(chunk)
        on_progress(done, total)

    made = continue_song(fitted, request, known, count)
    if ending in FIGURES:
        content = chart_bytes(roll_chart(made), ending.removeprefix("."))
    else:
        content = SONGS[ending]((made.with_prime() if request.keep_prime else made).song)
    write_bytes(output, content)
    return f"{output}: {made.summary}"
