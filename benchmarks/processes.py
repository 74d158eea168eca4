"""Training steps of one network: one process with one thread and with two, against two processes with a thread each.

All variants take turns in the same two processes, so that other work on the machine slows all of them alike. `--hosts`
(needs root, `ip` and `tc`) repeats the two processes as two hosts, in network namespaces with a cable of limited speed
between them, and compares their steps with the model of the cost that stands below the tables.
"""

import argparse
import os
import statistics
import sys
import time
from typing import Any, NamedTuple

import torch

import cabled_hosts
import echoic
from common import arguments, parse, publish, table
from echoic.cells import CELLS, Stack
from echoic.cli.openmp import limit_spinning
from echoic.config import HeadSettings, StackSettings
from echoic.distributed.gradients import add_up
from echoic.distributed.joining import seated
from echoic.distributed.launching import come, launched
from echoic.distributed.ranks import ALONE, Ranks
from echoic.distributed.seats import given_seat
from echoic.encoders import Identity
from echoic.heads import HEADS
from echoic.heads.categorical import Categorical
from echoic.model import SequenceModel
from echoic.readouts import Last, PerStep
from echoic.tensors import Batch
from echoic.training.optimizer import Optimizer
from peers.workloads import TRAINING, Training

KERNELS = ("W2", "W4", "W6-LSTM", "W6-GRU")
MACHINES = (2, 4, 8)
NETWORKS_GBIT = (1, 10)
CABLES_GBIT = (1, 0.1)
LATENCY_S = 1e-4
"""Of a message between machines, for the model; that of the cables here is less."""


class Job(NamedTuple):
    """A network and one of its batches."""

    name: str
    model: SequenceModel
    batch: Batch

    @property
    def gradient_bytes(self) -> int:
        """Size of the one message of a step."""
        return 4 * sum(parameter.numel() for parameter in self.model.parameters())


class Times(NamedTuple):
    """Seconds of a step: of the whole batch with one and two threads, of half of it, and of half of it in each process.

    `message` is the time to add up the gradients alone.
    """

    one: float
    two_threads: float
    half: float
    two_processes: float
    message: float

    def computing(self, machines: int) -> float:
        """Of a step with as many machines, without messages: what does not depend on rows, and what does."""
        return max(2 * self.half - self.one, 0) + min(2 * (self.one - self.half), self.one) / machines


def message_s(size: int, machines: int, gbit: float) -> float:
    """The model of the time of a message of `size` bytes: a ring, in which each machine sends 2 (n - 1) / n of it."""
    return 2 * (machines - 1) * (size * 8 / machines / (gbit * 1e9) + LATENCY_S)


def jobs(options: argparse.Namespace) -> list[Job]:
    """The networks to train."""
    workloads = [workload for workload in TRAINING if workload.name in KERNELS]
    found = [_kernel_job(workload.tiny() if options.smoke else workload) for workload in workloads]
    table_path = str(options.data / "ett_h1" / "ETTh1.csv")
    split = (960, 320, 320) if options.smoke else (8640, 2880, 2880)
    sizes: dict[str, Any] = {"layers": (8,)} if options.smoke else {}
    sound = {"fast_hidden_size": 16, "batch_size": 4} if options.smoke else {}
    prepared = {
        "ETTh1": echoic.prepare("forecast", table_path, time="date", lookback=96, horizon=96, split=split, **sizes),
        "audio": echoic.prepare("audio", str(options.data / "speech_allison_16k" / "audio"), **sizes | sound),
    }
    for name, one in prepared.items():
        found.append(Job(name, one.task.build_model(), next(one.task.train_batches().epoch(0, 0))))
    return found


def _kernel_job(workload: Training) -> Job:
    layers = StackSettings(cell="gru" if workload.cell == "GRU" else "lstm", layers=tuple(workload.sizes))
    stack = Stack(CELLS, workload.inputs, layers)
    at_last = workload.readout == "last"
    if workload.classes:
        head: Any = Categorical(workload.hidden, workload.outputs)
    else:
        head = HEADS["point"].build(workload.hidden, workload.outputs, 1, HeadSettings())
    inputs, drawn = (torch.from_numpy(one) for one in workload.draw())
    targets = drawn.float().view(len(inputs), 1 if at_last else workload.steps, -1)
    readout = Last(workload.hidden) if at_last else PerStep(workload.hidden)
    model = SequenceModel(Identity(workload.inputs), stack, readout, head)
    return Job(workload.name, model, Batch(inputs, targets, torch.ones(targets.shape, dtype=torch.bool)))


class Steps:
    """Training steps of a job by the processes `ranks`."""

    def __init__(self, job: Job, ranks: Ranks) -> None:
        self.job = job
        self.ranks = ranks
        self.optimizer = Optimizer(job.model.parameters(), "adamw")

    def seconds(self, count: int, threads: int = 1, fraction: float = 1.0) -> float:
        """Of a step, over `count` steps on a fraction of the rows."""
        torch.set_num_threads(threads)
        batch = self.job.batch.rows(0, max(1, round(fraction * len(self.job.batch.inputs))))
        self._step(batch)
        started_at = time.perf_counter()
        for _ in range(count):
            self._step(batch)
        return (time.perf_counter() - started_at) / count

    def _step(self, batch: Batch) -> None:
        """As in `echoic.training.loop`."""
        self.optimizer.zero_grad()
        share = self.ranks.share(len(batch.inputs))
        with self.ranks.splitting(share):
            loss = self.job.model.loss(share.of(batch))
        torch.autograd.backward(loss.total / max(int(batch.mask.sum()), 1))
        numbers = torch.stack([loss.total.detach(), loss.total.new_tensor(0.0)])
        add_up(self.ranks, share, self.optimizer.parameters, numbers)
        torch.nn.utils.clip_grad_norm_(self.optimizer.parameters, 1.0)
        self.optimizer.step(1e-4)
        self.ranks.highest([0.0] * 4)


def measure(job: Job, ranks: Ranks, options: argparse.Namespace) -> Times:
    """The median times over interleaved rounds; both processes must call it."""
    job.model.train()
    alone, together = Steps(job, ALONE), Steps(job, ranks)
    once = alone.seconds(1) if ranks.is_first else 0.0
    (once,) = ranks.highest([once])
    count = 1 if options.smoke else int(min(max(options.seconds / once, 3), 300))
    gradient = torch.zeros(job.gradient_bytes // 4)
    rounds = []
    for _ in range(options.seeds):
        own = [0.0] * 3
        if ranks.is_first:
            own = [alone.seconds(count), alone.seconds(count, 2), alone.seconds(count, 1, 0.5)]
        ranks.highest([0.0])  # the other process sleeps until here
        both = together.seconds(count)
        started_at = time.perf_counter()
        for _ in range(count):
            ranks.total(gradient)
        rounds.append([*own, both, (time.perf_counter() - started_at) / count])
    return Times(*(statistics.median(times) for times in zip(*rounds, strict=True)))


def work(ranks: Ranks, options: argparse.Namespace) -> dict[str, Times]:
    """The times of all jobs, by their names."""
    return {job.name: measure(job, ranks, options) for job in jobs(options)}


def report(sizes: dict[str, int], times: dict[str, Times]) -> str:
    """The tables of one machine, and of the model with several."""
    rows = [
        [
            name, f"{1e3 * one.one:.2f}", f"{1e3 * one.two_threads:.2f}", f"{1e3 * one.two_processes:.2f}",
            f"{one.two_threads / one.two_processes:.2f}", f"{1e3 * one.message:.2f}",
        ]
        for name, one in times.items()
    ]  # fmt: skip
    headers = ["job", "1 process x 1 thread, ms", "1 x 2, ms", "2 x 1, ms", "gain of 2 x 1 over 1 x 2", "message, ms"]
    predicted = [
        [
            name, f"{sizes[name] / 1e6:.2f}",
            *(
                f"{one.one / (one.computing(machines) + message_s(sizes[name], machines, gbit)):.2f}"
                for gbit in NETWORKS_GBIT
                for machines in MACHINES
            ),
        ]
        for name, one in times.items()
    ]  # fmt: skip
    columns = [f"{machines} at {gbit} Gbit/s" for gbit in NETWORKS_GBIT for machines in MACHINES]
    model = (
        "The model: a step of n machines takes a + b / n + 2 (n - 1) (bytes / n / bandwidth + latency), where a + b is "
        "the step of the whole batch with one thread, a + b / 2 that of half of it, bytes those of the gradient and "
        f"latency {1e6 * LATENCY_S:.0f} us. Speed-up over one thread of one machine:"
    )
    return f"{table(headers, rows)}\n\n{model}\n\n{table(['job', 'MB per step', *columns], predicted)}"


def report_hosts(sizes: dict[str, int], times: dict[str, Times]) -> str:
    """Steps of two hosts, measured and as the model has them."""
    rows = []
    for gbit in CABLES_GBIT:
        for name, found in cabled_hosts.run([sys.executable, *sys.argv], gbit).items():
            one, size = Times(*found), sizes[name]
            step = times[name].computing(2) + message_s(size, 2, gbit)
            rows.append(
                [
                    name, f"{gbit:g} Gbit/s", f"{1e3 * message_s(size, 2, gbit):.2f}", f"{1e3 * one.message:.2f}",
                    f"{1e3 * step:.2f}", f"{1e3 * one.two_processes:.2f}",
                ]
            )  # fmt: skip
    headers = ["job", "cable", "message by the model, ms", "measured", "step by the model, ms", "measured"]
    return f"\n\nTwo hosts, as network namespaces:\n\n{table(headers, rows)}"


def main() -> None:
    """Measures, as process 0, or as one that this script has started."""
    if limit_spinning():
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 - OpenMP has read the environment already
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=1.0, help="time of each measurement")
    parser.add_argument("--hosts", action="store_true", help="two hosts, too")
    options = parse(parser, "ett_h1", "speech_allison_16k")
    seat = given_seat()
    if seat is not None:
        come(seat)
        with seated(seat) as ranks:
            found = work(ranks, options)
        if ranks.is_first:
            cabled_hosts.tell(found)
        return
    with launched(2, [sys.executable, *sys.argv]) as first, seated(first) as ranks:
        times = work(ranks, options)
    sizes = {job.name: job.gradient_bytes for job in jobs(options)}
    body = report(sizes, times)
    if options.hosts:
        body += report_hosts(sizes, times)
    publish("processes", "One network by several processes", body, write=options.write)


if __name__ == "__main__":
    main()
