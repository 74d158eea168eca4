"""The detect job: learn what happens when in recordings, and say how well."""

from echoic.jobs.base import Job, generate_unsupported
from echoic.jobs.detect.charts import charts
from echoic.jobs.detect.evaluate import evaluate
from echoic.jobs.detect.task import DetectTask as DetectTask
from echoic.jobs.detect.use import predict
from echoic.streams.detection import Listener as Listener

DETECT = Job(DetectTask, evaluate, generate_unsupported, charts, predict=predict)
