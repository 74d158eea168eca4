"""A complete job: predict the next symbol of a sequence of small integers."""

import math
from dataclasses import dataclass

import torch
from pydantic import Field

from echoic.batches import BatchLoader, NextStepCollate
from echoic.cells import CELLS, Stack
from echoic.config import JobSettings, Section, StackSettings, TrainSettings
from echoic.config.split import FractionSplit
from echoic.config.table import TableSettings
from echoic.encoders import Embedding
from echoic.errors import DataError
from echoic.heads import Categorical
from echoic.jobs.base import Job, Task
from echoic.metrics.evaluation import Evaluation
from echoic.model import SequenceModel
from echoic.progress import no_progress
from echoic.readouts import PerStep
from echoic.report.standard import loss_chart
from echoic.training import total_loss
from echoic.windows import ChunkSampler, split_series


# 1. The settings: sections of fields. They go to `config/symbols.py`, which must not import torch.
class SymbolSplitSettings(Section):
    """How each sequence is split."""

    split: FractionSplit = Field((0.8, 0.1, 0.1), description="Fractions of train, dev and test, in this order.")


class SymbolSettings(JobSettings):
    """Settings of `echoic train symbols`."""

    data: TableSettings = TableSettings()  # its class selects the sources: tables and arrays
    split: SymbolSplitSettings = SymbolSplitSettings()
    stack: StackSettings = StackSettings(layers=(16,))
    train: TrainSettings = TrainSettings(epochs=5, batch_size=4, lr=1e-2)


# 2. The task: the job applied to one data set.
@dataclass(frozen=True, eq=False)
class SymbolTask(Task[SymbolSettings]):
    """Sequences of symbols and their number."""

    settings_class = SymbolSettings

    dataset: object
    settings: SymbolSettings
    count: int

    @classmethod
    def prepare(cls, dataset, settings, on_progress=no_progress):
        lengths = split_series(dataset.series, settings.split.split)["train"].lengths.tolist()
        train = [series.values[:length] for series, length in zip(dataset.series, lengths, strict=True)]
        return cls(dataset, settings, 1 + int(max(values.max() for values in train)))

    @classmethod
    def restore(cls, dataset, settings, codec_state):
        return cls(dataset, settings, codec_state["count"])

    def codec_state(self):
        return {"count": self.count}

    def build_model(self):
        stack = Stack(CELLS, 8, self.settings.stack)
        return SequenceModel(
            Embedding(self.count, 8), stack, PerStep(stack.output_size), Categorical(stack.output_size, self.count)
        )

    def batches(self, split, streams):
        values = torch.cat([torch.from_numpy(series.values) for series in self.dataset.series]).int()
        ranges = split_series(self.dataset.series, self.settings.split.split)[split]
        return BatchLoader(ChunkSampler.from_ranges(ranges, streams, 32), NextStepCollate(values))

    def train_batches(self):
        return self.batches("train", self.settings.train.batch_size)

    def dev_batches(self):
        return self.batches("dev", 1)

    def data_report(self):
        return self.dataset.report.to_json() | {"symbols": self.count}


# 3. The evaluation: scores next to a baseline.
@dataclass(frozen=True, eq=False)
class SymbolEvaluation(Evaluation):
    """Scores over `steps` predicted symbols."""

    steps: int

    @property
    def description(self):
        return f"{self.steps:,} symbols"

    @property
    def details(self):
        return {"steps": self.steps}


# 4. The job. With `predict` or `generate` methods it would have these verbs, too (`echoic.jobs.capabilities`).
class SymbolJob(Job[SymbolTask]):
    """Predict the next symbol."""

    name = "symbols"
    task_class = SymbolTask

    def evaluate(self, fitted, data, split, on_progress):
        if data is not None:
            raise DataError("symbols runs are evaluated on their own data.")
        total, steps = total_loss(fitted.model, fitted.task.batches(split, 1), lambda _: None)
        scores = {"nats_per_step": total / steps}
        return SymbolEvaluation(scores, {"uniform": {"nats_per_step": math.log(fitted.task.count)}}, steps)

    def charts(self, fitted, metrics, evaluation):
        chart = loss_chart(metrics, "Loss per step (nats)")
        return [] if chart is None else [chart]


SYMBOLS = SymbolJob()
