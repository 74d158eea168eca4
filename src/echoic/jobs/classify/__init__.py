"""The classify job: learn the label of each sequence, or several, and say how well."""

from echoic.jobs.base import Job, no_generate
from echoic.jobs.classify.charts import charts
from echoic.jobs.classify.evaluate import across, evaluate
from echoic.jobs.classify.task import ClassifyTask as ClassifyTask
from echoic.jobs.classify.use import predict

CLASSIFY = Job(ClassifyTask, evaluate, no_generate, charts, predict=predict, across=across)
