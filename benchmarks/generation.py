"""Characters per second of generated text: recurrent layers on the step kernels, and on torch.

Untrained networks, whose weights take as long as trained ones; both ways take turns in one process.
"""

import os
import statistics
import time
from argparse import Namespace
from typing import Any
from unittest import mock

import torch

import echoic
from common import arguments, parse, publish, table
from echoic.heads import Sampling
from echoic.streams import GenerationStream
from echoic.streams.generation import GenerationState

TEXT = "The quick brown fox jumps over the lazy dog. " * 200
NETWORKS: dict[str, dict[str, Any]] = {
    "default": {},
    "LSTM 512": {"cell": "lstm", "layers": (512,)},
    "LSTM 2x512": {"layers": (512, 512)},
}
WAYS = ("kernel", "torch")


def stream_of(settings: dict[str, Any], way: str) -> tuple[GenerationStream, GenerationState]:
    """A stream of characters after its first steps, in which the weights are put in the layout of the kernels."""
    torch.manual_seed(0)
    model = echoic.prepare("text", text=TEXT, threads=1, **settings).task.build_model().eval()
    with mock.patch.dict(os.environ, {"ECHOIC_KERNEL": "off"} if way == "torch" else {}):
        stream = GenerationStream.of_symbols(model, Sampling())
        _, state = stream.push(5, stream.start(torch.zeros(1, 3, 1)))
    return stream, state


def row(name: str, options: Namespace) -> list[str]:
    """Microseconds per character both ways, characters per second, and the ratio of each round."""
    streams = [stream_of(NETWORKS[name] | options.overrides, way) for way in WAYS]
    steps = 5 if options.smoke else 200
    taken: list[list[float]] = [[], []]
    for _ in range(options.rounds):
        for own, (stream, state) in zip(taken, streams, strict=True):
            begin = time.process_time()
            stream.push(steps, state)
            own.append((time.process_time() - begin) / steps)
    ratios = [torch_s / kernel_s for kernel_s, torch_s in zip(*taken, strict=True)]
    medians = [statistics.median(own) for own in taken]
    return [
        name,
        *(f"{1e6 * seconds:.0f}" for seconds in medians),
        f"{1 / medians[0]:,.0f}",
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
    ]


def main() -> None:
    """Times all networks and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=9, help="number of rounds")
    options = parse(parser)
    options.overrides = {name: value for name, value in options.overrides.items() if name == "layers"}
    torch.set_num_threads(1)
    names = ["default"] if options.smoke else list(NETWORKS)
    headers = ["network", "step kernels, us", "torch, us", "characters a second", "ratio"]
    title = "Text, one character after the other, one thread"
    publish("generation", title, table(headers, [row(name, options) for name in names]), write=options.write)


if __name__ == "__main__":
    main()
