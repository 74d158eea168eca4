"""The audio job: learn a recording, write new sound of any length, and measure how it drifts."""

from echoic.jobs.audio.charts import charts
from echoic.jobs.audio.evaluate import evaluate
from echoic.jobs.audio.render import generate
from echoic.jobs.audio.task import AudioTask as AudioTask
from echoic.jobs.base import Job

AUDIO = Job(AudioTask, evaluate, generate, charts, generates_audio=True)
