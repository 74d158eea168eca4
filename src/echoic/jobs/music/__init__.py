"""The music job: learn songs in twelve keys, go on from a prime, and say how well."""

from echoic.jobs.base import Job
from echoic.jobs.music.charts import charts
from echoic.jobs.music.compose import generate
from echoic.jobs.music.evaluate import evaluate
from echoic.jobs.music.task import MusicTask as MusicTask

MUSIC = Job(MusicTask, evaluate, generate, charts)
