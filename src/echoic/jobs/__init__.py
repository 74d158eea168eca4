"""Jobs: each chooses parts of the one pipeline. To add one: a package with a `Job`, and a line in `JOBS`."""

from echoic.jobs.audio import AUDIO
from echoic.jobs.base import Job as Job
from echoic.jobs.classify import CLASSIFY
from echoic.jobs.detect import DETECT
from echoic.jobs.forecast import FORECAST
from echoic.jobs.music import MUSIC
from echoic.jobs.text import TEXT

JOBS: dict[str, Job] = {
    "forecast": FORECAST,
    "music": MUSIC,
    "text": TEXT,
    "audio": AUDIO,
    "classify": CLASSIFY,
    "detect": DETECT,
}
