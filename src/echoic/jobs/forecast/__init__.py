"""The forecast job: learn series, continue them, forecast them, and say how well."""

from echoic.jobs.base import Job
from echoic.jobs.forecast.charts import charts
from echoic.jobs.forecast.task import ForecastTask as ForecastTask
from echoic.jobs.forecast.use import backtest, evaluate, generate, predict

FORECAST = Job(ForecastTask, evaluate, generate, charts, scores_windows=True, predict=predict, backtest=backtest)
