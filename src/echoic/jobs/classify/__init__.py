"""The classify job: learn the label of each sequence, or several, and say how well."""

from echoic.jobs.base import Job, generate_unsupported
from echoic.jobs.classify.charts import charts
from echoic.jobs.classify.evaluate import aggregate_folds, evaluate
from echoic.jobs.classify.task import ClassifyTask as ClassifyTask
from echoic.jobs.classify.use import predict

CLASSIFY = Job(ClassifyTask, evaluate, generate_unsupported, charts, predict=predict, aggregate_folds=aggregate_folds)
