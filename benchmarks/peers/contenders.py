"""Contenders of benchmarks/kernels.py. Each package is imported on use, so it need not be installed."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peers.interleave import Run
from peers.stepper import Stepper
from peers.workloads import Live, Training

Numbers = NDArray[np.floating[Any]]


class Entry(NamedTuple):
    """A contender for one workload: the function to time, and results to compare beforehand."""

    run: Run
    check: Callable[[], Numbers]
    tolerance: Numbers
    """Relative to the largest of the results."""


class Contender(NamedTuple):
    """`name` selects it on the command line, `title` is the header of its column."""

    name: str
    title: str
    make: Callable[[Any, int], Entry]
    """Takes a workload and a number of threads."""

    unsupported: tuple[str, ...] = ()
    """Workloads that it cannot run."""


def _trainer(module: str, tolerance: float = 1e-4, **settings: Any) -> Callable[[Training, int], Entry]:
    def make(workload: Training, _: int) -> Entry:
        trainer = import_module(f"peers.{module}").Trainer(workload, **settings)
        # Adam moves one bias or two: losses are equal at first, and differ slightly afterwards.
        return Entry(trainer.run, lambda: np.array(trainer.losses(3)), np.array([tolerance, 0.05, 0.05]))

    return make


def _stepper(live: Stepper, tolerance: float = 1e-4) -> Entry:
    xs = np.random.default_rng(3).standard_normal((20, 1, live.inputs), np.float32)
    return Entry(live.run, lambda: live.follow(xs), np.array(tolerance))


def _echoic(workload: Live, threads: int, storage: str) -> Any:
    build = import_module("peers.echoic_live").EchoicLive.build
    return build(workload.sizes, workload.inputs, workload.outputs, storage, threads)


def _echoic_step(workload: Live, threads: int, storage: str, tolerance: float) -> Entry:
    return _stepper(_echoic(workload, threads, storage), tolerance)


def _echoic_bound(workload: Live, threads: int, storage: str, tolerance: float) -> Entry:
    live = _echoic(workload, threads, storage)
    return _stepper(import_module("peers.echoic_live").EchoicBound(live), tolerance)


def _torch_step(workload: Live, _: int, *, onednn: bool) -> Entry:
    return _stepper(import_module("peers.torch_live").TorchStepper(workload, onednn=onednn))


def _jax_step(workload: Live, _: int) -> Entry:
    return _stepper(import_module("peers.jax_live").JaxStepper(workload))


def _onnx_step(workload: Live, threads: int) -> Entry:
    return _stepper(import_module("peers.onnx_live").OnnxStepper(workload, threads=threads))


def _bound(workload: Live, threads: int, streams: int = 1) -> list[Any]:
    session = import_module("peers.onnx_live").session(workload, threads)
    make = import_module("peers.onnx_bound").BoundStepper
    return [make(workload, session) for _ in range(streams)]


def _bound_step(workload: Live, threads: int) -> Entry:
    return _stepper(*_bound(workload, threads))


def _streams(step: Callable[[Any], Any], workload: Live, tolerance: float = 1e-4) -> Entry:
    xs = np.random.default_rng(3).standard_normal((workload.count, workload.inputs), np.float32)

    def run(steps: int) -> None:
        for _ in range(steps):
            step(xs)

    return Entry(run, lambda: np.reshape(step(xs), (workload.count, -1)), np.array(tolerance))


def _echoic_streams(workload: Live, threads: int, storage: str, tolerance: float) -> Entry:
    live = _echoic(workload, threads, storage)
    states, rows = live.states(workload.count), np.arange(workload.count)
    return _streams(lambda xs: live.step_many(xs, states, rows), workload, tolerance)


def _onnx_each(workload: Live, threads: int) -> Entry:
    live = import_module("peers.onnx_live").OnnxStepper(workload, threads=threads, streams=workload.count)
    return _streams(live.step_each, workload)


def _bound_each(workload: Live, threads: int) -> Entry:
    streams = _bound(workload, threads, workload.count)
    return _streams(lambda xs: [live.step(xs[at : at + 1]) for at, live in enumerate(streams)], workload)


def _onnx_batch(workload: Live, threads: int) -> Entry:
    live = import_module("peers.onnx_live").OnnxStepper(workload, threads=threads, batch=workload.count)
    return _streams(live.step, workload)


def _loop(live: Any, workload: Live, tolerance: float = 1e-3) -> Entry:
    def run(steps: int) -> None:
        for _ in range(steps):
            live.closed_loop(workload.count)

    return Entry(run, lambda: live.closed_loop(workload.count), np.array(tolerance))


def _echoic_loop(workload: Live, threads: int, storage: str, tolerance: float) -> Entry:
    return _loop(_echoic(workload, threads, storage), workload, tolerance)


def _jax_loop(workload: Live, _: int) -> Entry:
    return _loop(import_module("peers.jax_live").JaxStepper(workload), workload)


def _storages(make: Callable[..., Entry]) -> tuple[Contender, ...]:
    """Echoic with each storage format of the weights, and the tolerance of its results."""
    return (
        Contender("echoic", "echoic", partial(make, storage="float32", tolerance=1e-3)),
        Contender("echoic-float16", "echoic, float16 weights", partial(make, storage="float16", tolerance=1e-2)),
        Contender("echoic-bfloat16", "echoic, bfloat16 weights", partial(make, storage="bfloat16", tolerance=0.1)),
        Contender("echoic-int8", "echoic, int8 weights", partial(make, storage="int8", tolerance=0.1)),
    )


CONTENDERS: dict[str, tuple[Contender, ...]] = {
    "training": (
        Contender("echoic", "echoic", _trainer("torch_train", package="echoic.nn")),
        Contender("echoic-bf16", "echoic, bf16", _trainer("torch_train", 0.01, package="echoic.nn", bf16=True)),
        Contender("torch", "torch, oneDNN", _trainer("torch_train")),
        Contender("torch-bf16", "torch, oneDNN, bf16", _trainer("torch_train", 0.01, bf16=True)),
        Contender("torch-native", "torch, oneDNN off", _trainer("torch_train", onednn=False)),
        Contender("jax", "JAX scan", _trainer("jax_train")),
        Contender("keras", "Keras 3 on JAX", _trainer("keras_train"), unsupported=("Packed",)),
    ),
    "step": (
        *_storages(_echoic_step),
        Contender("echoic-bound", "echoic, bound", partial(_echoic_bound, storage="float32", tolerance=1e-3)),
        Contender(
            "echoic-bound-bfloat16",
            "the same, bfloat16 weights",
            partial(_echoic_bound, storage="bfloat16", tolerance=0.1),
        ),
        Contender("onnxruntime", "onnxruntime", _onnx_step),
        Contender("onnxruntime-bound", "onnxruntime, I/O binding", _bound_step),
        Contender("jax", "JAX, jitted step", _jax_step),
        Contender("torch", "torch, oneDNN", partial(_torch_step, onednn=True)),
        Contender("torch-native", "torch, oneDNN off", partial(_torch_step, onednn=False)),
    ),
    "streams": (
        *_storages(_echoic_streams),
        Contender("onnxruntime", "onnxruntime, one by one", _onnx_each),
        Contender("onnxruntime-bound", "onnxruntime, one by one, I/O binding", _bound_each),
        Contender("onnxruntime-batch", "onnxruntime, as one batch", _onnx_batch),
    ),
    "loop": (*_storages(_echoic_loop), Contender("jax", "JAX scan", _jax_loop)),
}
"""Contenders of each kind of workload. The first one is the reference of all ratios and comparisons."""

NAMES = list(dict.fromkeys(one.name for group in CONTENDERS.values() for one in group))
