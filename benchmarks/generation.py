"""Steps per second of generated text and music: in the loop of the step kernels, and step by step on torch.

Untrained networks, whose weights take as long as trained ones; both ways take turns in one process.
"""

import os
import statistics
import time
from argparse import Namespace
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import torch

import echoic
from common import arguments, parse, publish, table
from echoic.heads import Sampling
from echoic.streams import GenerationStream
from echoic.streams.generation import GenerationState

TEXT = "The quick brown fox jumps over the lazy dog. " * 200
SONGS = Path("music_bl2012", "JSB_Chorales.mat")


class Network(NamedTuple):
    """A network: its job, and settings beside the defaults."""

    job: str
    settings: dict[str, Any]


NETWORKS = {
    "text, default": Network("text", {}),
    "text, LSTM 512": Network("text", {"cell": "lstm", "layers": (512,)}),
    "text, LSTM 2x512": Network("text", {"layers": (512, 512)}),
    "chorales, joint head": Network("music", {}),
    "chorales, Bernoulli head": Network("music", {"head": "bernoulli"}),
}
IN_SMOKE = ("text, default", "chorales, joint head")
WAYS = ("kernel", "torch")


def stream_of(network: Network, way: str, options: Namespace) -> tuple[GenerationStream, GenerationState]:
    """A stream after its first steps, in which the weights are put in the layout of the kernels."""
    torch.manual_seed(0)
    data = {"text": TEXT} if network.job == "text" else {"data": str(options.data / SONGS)}
    settings = {**data, **network.settings, **options.overrides}
    model = echoic.prepare(network.job, threads=1, **settings).task.build_model().eval()
    known = torch.zeros(1, 3, 1 if network.job == "text" else model.encoder.output_size)
    with mock.patch.dict(os.environ, {"ECHOIC_KERNEL": "off"} if way == "torch" else {}):
        stream = GenerationStream.of_symbols(model, Sampling())
        _, state = stream.push(5, stream.start(known))
    return stream, state


def row(name: str, options: Namespace) -> list[str]:
    """Microseconds per step both ways, steps per second, and the ratio of each round."""
    streams = [stream_of(NETWORKS[name], way, options) for way in WAYS]
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
    options = parse(parser, SONGS.parent.name)
    options.overrides = {name: value for name, value in options.overrides.items() if name == "layers"}
    torch.set_num_threads(1)
    names = IN_SMOKE if options.smoke else NETWORKS
    headers = ["network", "step kernels, us", "torch, us", "steps a second", "ratio"]
    title = "Text and music, one step after the other, one thread"
    publish("generation", title, table(headers, [row(name, options) for name in names]), write=options.write)


if __name__ == "__main__":
    main()
