"""Signals from signals: the Wiener-Hammerstein benchmark, the same network in plain PyTorch, and a simulated pedal.

`wh` simulates the output of a measured circuit from its input alone (Schoukens 2009): 80,000 samples to train, 20,000
to choose, 88,000 to test, of which the first 1,000 are not scored. `torch` trains the same network on the same batches
with `nn.LSTM`, in turns. `pedal` is the diode clipper of `examples/model_pedal.py`.
"""

import importlib.util
import math
import statistics
import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import echoic
from common import arguments, parse, publish, spread, table
from echoic.api.prepare import Prepared
from echoic.cli.allocator import keep_freed_memory
from echoic.config import TrainSettings
from echoic.tensors import Batch
from echoic.training.optimizer import Optimizer
from echoic.training.schedule import learning_rate

PARTS = ("wh", "torch", "pedal")
WARMUP = 1000
TURN = 50
"""Steps of one side before the other has its turn."""

LONG = 20
"""How often a clip is repeated for the time of `predict`."""

PEDAL: dict[str, Any] = {"layers": (32,), "loss": "esr"}


def circuit(options: Namespace, **settings: Any) -> tuple[Path, dict[str, Any]]:
    """The training file of the benchmark, and the settings of a run on it."""
    place = options.data / "wiener_hammerstein"
    files = {name: place / f"WienerHammerstein_{part}.hdf5" for name, part in (("dev", "valid"), ("test", "test"))}
    warmup = 10 if options.smoke else WARMUP
    own = {"inputs": ("u",), "targets": ("y",), "warmup": warmup, "threads": options.threads}
    return place / "WienerHammerstein_train.hdf5", files | own | settings


def wiener_hammerstein(options: Namespace) -> str:
    """RMSE on test in mV, beside the baselines."""
    scores, baselines, steps = list[float](), dict[str, float](), list[int]()
    for seed in range(options.seeds):
        budget = {} if options.smoke else {"minutes": options.minutes}
        data, settings = circuit(options, seed=seed, **budget)
        run = echoic.train("map", data, **settings | options.overrides)
        evaluation = run.evaluate()
        scores.append(1000 * evaluation.scores["rmse"])
        steps.append(run.result()["steps"])
        baselines = {name: 1000 * found["rmse"] for name, found in evaluation.baselines.items()}
        print(f"seed {seed}: {scores[-1]:.3f} mV after {steps[-1]:,} steps", flush=True)
    rows = [["LSTM(64)", spread(scores, 3), f"{statistics.fmean(steps):,.0f}"]]
    rows += [[name, f"{value:.2f}", ""] for name, value in baselines.items()]
    bar = f"Bar 1.0 mV, aim 0.5 mV; {options.minutes:g} minutes a seed. Single seeds: "
    return f"{table(['', 'RMSE on test, mV', 'steps'], rows)}\n\n{bar}{', '.join(f'{one:.3f}' for one in scores)}."


class Plain(nn.Module):
    """The same network of torch's own layer."""

    def __init__(self, cell: str, hidden_size: int) -> None:
        super().__init__()
        self.layer = getattr(nn, cell.upper())(1, hidden_size, batch_first=True)
        self.linear = nn.Linear(hidden_size + 1, 1)

    def start_at(self, model: Any) -> None:
        """Copies the weights of a model of echoic with one layer."""
        (cell,) = model.stack.layers
        weights = {"weight_ih_l0": cell.w_in, "weight_hh_l0": cell.w_rec, "bias_ih_l0": cell.bias}
        self.layer.load_state_dict(weights | {"bias_hh_l0": torch.zeros_like(cell.bias)})
        self.linear.load_state_dict(model.head.linear.state_dict())

    def forward(self, x: Tensor) -> Tensor:
        """Outputs `(batch, steps, 1)` for inputs `(batch, steps, 1)`."""
        hidden, _ = self.layer(x)
        made: Tensor = self.linear(torch.cat([hidden, x], -1))
        return made


def side_by_side(options: Namespace) -> str:
    """Dev RMSE and time of both, with LSTM and with GRU."""
    rows = [row for cell in ("gru", "lstm") for row in compared(options, cell)]
    note = f"{options.steps:,} steps on the same batches, in turns of {TURN}; bar 1.5 times as fast, aim 2.5."
    return f"{table(['', 'RMSE on dev, mV', 'CPU seconds', 'times as fast'], rows)}\n\n{note}"


def compared(options: Namespace, cell: str) -> list[list[str]]:
    """The rows of both, trained on the same batches in turns."""
    data, settings = circuit(options, **{"cell": cell} | options.overrides)
    prepared = echoic.prepare("map", data, **settings)
    task: Any = prepared.task
    hidden = task.settings.stack.layers[0]
    total = TURN if options.smoke else options.steps
    torch.manual_seed(0)
    torch.set_num_threads(options.threads or 1)
    own, plain = task.build_model(), Plain(cell, hidden)
    plain.start_at(own)
    own_step = stepper(own, lambda batch: own.loss(batch).total / batch.mask.sum(), task.settings.train, total)
    plain_step = stepper(plain, lambda batch: plain_loss(plain, batch), task.settings.train, total)
    seconds, batches = [0.0, 0.0], endless(prepared)
    for begin in range(0, total, TURN):
        turn = [next(batches) for _ in range(TURN)]
        for side, step in enumerate((own_step, plain_step)):
            started_at = time.process_time()  # other work on the machine does not count
            for number, batch in enumerate(turn, begin):
                step(batch, number)
            seconds[side] += time.process_time() - started_at
    pairs = task.pairs["dev"]
    with torch.no_grad():
        made = [own.eval()(pairs.inputs[None])[0][0, :, 0, 0], plain.eval()(pairs.inputs[None])[0, :, 0]]
    errors = [1000 * rmse(task, one - pairs.targets[:, 0]) for one in made]
    network = f"{cell.upper()}({hidden})"
    names = [f"{network}, echoic", f"{network}, plain torch, nn.{cell.upper()} and AdamW"]
    ratios = [f"{seconds[1] / seconds[0]:.2f}", ""]
    return [
        [name, f"{error:.3f}", f"{used_s:.1f}", ratio]
        for name, error, used_s, ratio in zip(names, errors, seconds, ratios, strict=True)
    ]


def plain_loss(model: Plain, batch: Batch) -> Tensor:
    """The mean squared error of the steps that count."""
    error: Tensor = model(batch.inputs) - batch.targets
    return error[batch.mask].square().mean()


def stepper(
    model: nn.Module, loss_of: Callable[[Batch], Tensor], train: TrainSettings, total: int
) -> Callable[[Batch, int], None]:
    """One update with the learning rate of its place in `total` steps; plain torch has its own fused Adam."""
    is_plain = isinstance(model, Plain)
    optimizer: Any = (
        torch.optim.AdamW(model.parameters(), train.lr, weight_decay=train.weight_decay, fused=True)
        if is_plain
        else Optimizer(model.parameters(), train.optimizer, train.weight_decay)
    )

    def step(batch: Batch, number: int) -> None:
        rate = learning_rate(train, number / total)
        optimizer.zero_grad()
        loss_of(batch).backward()
        nn.utils.clip_grad_norm_(model.parameters(), train.grad_clip_norm)
        if is_plain:
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
        else:
            optimizer.step(rate)

    return step


def endless(prepared: Prepared) -> Any:
    """The training batches, epoch by epoch."""
    loader, epoch = prepared.task.train_batches(), 0
    while True:
        yield from loader.epoch(0, epoch)
        epoch += 1


def rmse(task: Any, error: Tensor) -> float:
    """In volts, after the warm-up."""
    return math.sqrt(float(error[task.warmup :].double().square().mean())) * float(task.codec.targets.scale)


def pedal(options: Namespace) -> str:
    """Error-to-signal ratio, and the real-time factor of `predict`."""
    example = example_module()
    scores, baselines, factors = list[float](), dict[str, float](), list[float]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips, seconds = (10, 0.05) if options.smoke else (60, 2.0)
        example.write_pairs(folder, clips, seconds)
        for seed in range(options.seeds):
            budget = {} if options.smoke else {"minutes": options.pedal_minutes}
            settings = PEDAL | budget | options.overrides | {"seed": seed, "threads": options.threads}
            run = echoic.train("map", folder / "dry", targets=folder / "wet", **settings)
            evaluation = run.evaluate()
            scores.append(100 * evaluation.scores["esr"])
            baselines = {one: 100 * found["esr"] for one, found in evaluation.baselines.items()}
            factors.append(real_time_factor(run, folder))
            print(f"seed {seed}: {scores[-1]:.3f} %, {factors[-1]:.0f} times real time", flush=True)
    rows = [["LSTM(32)", spread(scores, 3), f"{min(factors):.0f}"]]
    rows += [[one, f"{value:.2f}", ""] for one, value in baselines.items()]
    bar = f"Bar 1 %, aim 0.2 % and 10 times real time on one core; {options.pedal_minutes:g} minutes a seed."
    return f"{table(['', 'ESR on test, %', 'predict, times real time on a core'], rows)}\n\n{bar}"


def real_time_factor(run: echoic.Run, folder: Path) -> float:
    """Seconds of sound per CPU second of `predict` on one thread, reading and writing included."""
    import soundfile  # noqa: PLC0415 - for this part only

    samples, rate_hz = soundfile.read(folder / "dry" / "00.wav")
    soundfile.write(folder / "long.wav", np.tile(samples, LONG), rate_hz)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    run.write_signals(folder / "out.wav", folder / "dry" / "00.wav")
    started_at = time.process_time()
    run.write_signals(folder / "out.wav", folder / "long.wav")
    elapsed = time.process_time() - started_at
    torch.set_num_threads(threads)
    return float(LONG * len(samples) / rate_hz / elapsed)


def example_module() -> Any:
    """The example with the circuit."""
    path = Path(__file__).parents[1] / "examples" / "model_pedal.py"
    spec = importlib.util.spec_from_file_location("model_pedal", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TITLES: dict[str, tuple[str, Callable[[Namespace], str]]] = {
    "wh": ("Wiener-Hammerstein, simulation of the test split", wiener_hammerstein),
    "torch": ("Wiener-Hammerstein, the same network in plain PyTorch", side_by_side),
    "pedal": ("A simulated diode clipper at 44.1 kHz, unseen sounds", pedal),
}


def main() -> None:
    """Runs the parts and prints a table for each."""
    keep_freed_memory()
    parser = arguments(__doc__ or "")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas, of: " + ", ".join(PARTS))
    parser.add_argument("--minutes", type=float, default=10.0, help="training time of a seed of wh")
    parser.add_argument("--pedal-minutes", type=float, default=3.0, help="training time of a seed of pedal")
    parser.add_argument("--steps", type=int, default=2000, help="steps of torch")
    options = parse(parser, "wiener_hammerstein")
    for part in options.only.split(","):
        title, measure = TITLES[part]
        publish(f"map-{part}", title, measure(options), write=options.write)


if __name__ == "__main__":
    main()
