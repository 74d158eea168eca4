"""The text job: learn to write, character by character, and say how well."""

from echoic.jobs.base import Job
from echoic.jobs.text.charts import charts
from echoic.jobs.text.evaluate import evaluate
from echoic.jobs.text.task import TextTask as TextTask
from echoic.jobs.text.write import generate

TEXT = Job(TextTask, evaluate, generate, charts)
