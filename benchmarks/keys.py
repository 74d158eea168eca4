"""Data augmentation by transposition on the chorales: one key against twelve, with the same number of updates.

Test songs are scored in the given key and in all keys. Also measured: the training speed with twelve transpositions in
one batch, relative to one step of a single song at a time. With `--mixed` the chorales, which are in a common key, are
first moved to the keys that songs usually have; then dev songs are scored.
"""

import time
from argparse import Namespace
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from torch import nn

import echoic
from common import arguments, parse, publish, spread, table
from echoic.api.prepare import prepare
from echoic.jobs.music.task import MusicTask
from mixed_keys import write_mixed

AUGMENTATIONS = {
    "one key": "none",
    "a random key each epoch": "random",
    "twelve keys in each batch": "all",
}
SETTINGS: dict[str, Any] = {
    "grid": "quarter", "head": "joint", "dropout": 0.4, "input_dropout": 0.1, "head_dropout": 0.3, "patience": 1000,
}  # fmt: skip


def epochs(path: Path, keys: str, updates: int) -> int:
    """The number of epochs with about that number of updates."""
    task = prepare("music", path, config=SETTINGS | {"transpose": keys}).task
    return max(1, round(updates / len(task.train_batches())))


def train(path: Path, keys: str, options: Namespace, seed: int) -> dict[str, float]:
    """Scores and number of updates of one run."""
    more = {"transpose": keys, "seed": seed, "threads": options.threads, "evals_per_epoch": 1}
    length = {"epochs": epochs(path, keys, updates=options.updates)}
    run = echoic.train("music", path, **SETTINGS | more | length | options.overrides)
    return {"updates": run.result()["steps"], **run.evaluate(split=options.split).scores}


class OriginalNetwork(nn.Module):
    """The original network: an LSTM of 256 units and a softmax, here over the symbols of one voice."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(symbols, 256)
        self.scores = nn.Linear(256, symbols)


def steps_per_second(path: Path, original_steps: int) -> tuple[float, float]:
    """Training speed with twelve keys per batch, and with one step of one key and an update after each."""
    settings = {"grid": "quarter", "head": "categorical", "transpose": "all", "layers": 256}
    task = cast("MusicTask", prepare("music", path, config=settings).task)
    batches = list(task.train_batches().epoch(0, 0))[:20]
    model = task.build_model().train()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    started_at, steps = time.perf_counter(), 0
    for batch in batches:
        optimizer.zero_grad()
        loss = model.loss(batch)
        (loss.total / loss.num_values).backward()
        optimizer.step()
        steps += loss.num_values
    batched = steps / (time.perf_counter() - started_at)

    original = OriginalNetwork(task.codec.symbols)
    optimizer = torch.optim.Adam(original.parameters(), fused=True)
    symbols = torch.cat([batch.inputs[0, :, 0] for batch in batches])[: original_steps + 1].long()
    state, started_at = (torch.zeros(1, 256), torch.zeros(1, 256)), time.perf_counter()
    for current, following in pairwise(symbols):
        optimizer.zero_grad()
        state = original.cell(nn.functional.one_hot(current, task.codec.symbols)[None].float(), state)
        nn.functional.cross_entropy(original.scores(state[0]), following[None]).backward()
        optimizer.step()
        state = tuple(vector.detach() for vector in state)
    return batched, (len(symbols) - 1) / (time.perf_counter() - started_at)


def augmentation_table(path: Path, augmentations: Mapping[str, str], options: Namespace) -> str:
    """Scores of networks that were trained with each augmentation, over all seeds."""
    rows = []
    for name, keys in augmentations.items():
        runs = [train(path, keys, options, seed) for seed in range(options.seeds)]
        differences = [run["nll_per_step_12_keys"] - run["nll_per_step"] for run in runs]
        columns = [[run[column] for run in runs] for column in ("nll_per_step", "nll_per_step_12_keys")]
        rows.append(
            [name, f"{runs[0]['updates']:.0f}", *(spread(column, 3) for column in columns), spread(differences, 3)]
        )
    headers = ["training", "updates", f"{options.split} songs in the given key", "in all 12 keys", "difference"]
    return table(headers, rows)


def main() -> None:
    """Trains with and without transposition, measures the speed, and prints the table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--mixed", action="store_true", help="songs in different keys, scored on dev")
    parser.add_argument("--updates", type=int, default=700, help="number of updates of each network, about")
    options = parse(parser, "music_bl2012")
    options.split = "dev" if options.mixed else "test"
    if options.smoke:
        options.updates = 10
    path = options.data / "music_bl2012" / "JSB_Chorales.mat"
    if options.mixed:
        with TemporaryDirectory() as folder:
            mixed = Path(folder) / "mixed.json"
            write_mixed(path, mixed)
            body = augmentation_table(mixed, AUGMENTATIONS, options)
            default = cast("MusicTask", prepare("music", mixed).task).settings.pitch.transpose
            body += f"\n\nThe default for these songs is `--transpose {default}`."
        title = f"Chorales moved to different keys, {options.seeds} seeds"
        publish("music-keys-mixed", title, body, write=options.write)
        return
    body = augmentation_table(path, AUGMENTATIONS, options)
    rounds = [steps_per_second(path, 10 if options.smoke else 400) for _ in range(3)]
    (batched, single), ratios = sorted(rounds)[1], sorted(batched / single for batched, single in rounds)
    body += (
        f"\n\nAn LSTM of 256 units on the top voice of the chorales: {batched:,.0f} steps per second with twelve keys "
        f"in one batch, {single:,.0f} one step at a time (torch's LSTMCell with an update after each step, like the "
        f"original system); {ratios[1]:.0f} times faster (3 rounds, {ratios[0]:.0f} to {ratios[-1]:.0f})."
    )
    publish("music-keys", f"One key and twelve, JSB chorales, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
