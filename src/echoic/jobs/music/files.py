"""What was composed as the bytes of a file: to play, to hear, to look at."""

from collections.abc import Callable

from echoic.jobs.music.charts import roll_chart
from echoic.jobs.music.compose import Composition
from echoic.report.figures import chart_bytes
from echoic.writers.midi import midi_bytes
from echoic.writers.synthesizer import wav_bytes

ENDINGS: dict[str, Callable[[Composition], bytes]] = {
    ".mid": lambda made: midi_bytes(made.song),
    ".midi": lambda made: midi_bytes(made.song),
    ".wav": lambda made: wav_bytes(made.song),
    ".png": lambda made: chart_bytes(roll_chart(made), "png"),
    ".pdf": lambda made: chart_bytes(roll_chart(made), "pdf"),
}
"""How each kind of file is made."""


def music_bytes(made: Composition, ending: str, *, keep_prime: bool) -> bytes:
    """A file with the ending; pictures show the prime in any case."""
    return ENDINGS[ending](made.with_prime() if keep_prime and ending not in {".png", ".pdf"} else made)
