"""One key against twelve, on the chorales: the same network and as many updates, scored as given and in all keys.

Then how fast twelve transpositions go through training as one batch, against one step of one of them at a time.
"""

import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn

import echoic
from common import arguments, publish, spread, table
from echoic.api.prepare import prepare

WAYS = {"one key": "none", "a random key each epoch": "random", "twelve keys in each batch": "all"}
UPDATES = 700
SETTINGS: dict[str, Any] = {
    "grid": "quarter", "head": "joint", "dropout": 0.4, "input_dropout": 0.1, "head_dropout": 0.3, "patience": 1000,
}  # fmt: skip
ORIGIN_STEPS = 400


def epochs(path: Path, keys: str) -> int:
    """How many make the updates."""
    return max(
        1, round(UPDATES / len(prepare("music", path, config=SETTINGS | {"transpose": keys}).task.train_batches()))
    )


def trained(path: Path, keys: str, seed: int, threads: int | None) -> dict[str, float]:
    """The scores of one run."""
    more = {"transpose": keys, "seed": seed, "threads": threads, "epochs": epochs(path, keys), "evals_per_epoch": 1}
    run = echoic.train("music", path, **SETTINGS | more)
    return {"updates": run.result()["steps"], **run.evaluate().scores}


class Origin(nn.Module):
    """The network of the origin's question: an LSTM of 256 and a softmax, here over a line's symbols."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(symbols, 256)
        self.scores = nn.Linear(256, symbols)


def tokens_a_second(path: Path) -> tuple[float, float]:
    """Of twelve keys as one batch, and of one step of one key at a time with an update after each."""
    task = prepare(
        "music", path, config={"grid": "quarter", "head": "categorical", "transpose": "all", "layers": 256}
    ).task
    batches = list(task.train_batches().epoch(0, 0))[:20]
    model = task.build_model().train()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    started_at, tokens = time.perf_counter(), 0
    for batch in batches:
        optimizer.zero_grad()
        loss = model.loss(batch)
        (loss.total / loss.values).backward()
        optimizer.step()
        tokens += loss.values
    together = tokens / (time.perf_counter() - started_at)

    origin = Origin(task.codec.symbols)
    optimizer = torch.optim.Adam(origin.parameters(), fused=True)
    symbols = torch.cat([batch.inputs[0, :, 0] for batch in batches])[: ORIGIN_STEPS + 1].long()
    state, started_at = (torch.zeros(1, 256), torch.zeros(1, 256)), time.perf_counter()
    for now, following in pairwise(symbols):
        optimizer.zero_grad()
        state = origin.cell(nn.functional.one_hot(now, task.codec.symbols)[None].float(), state)
        nn.functional.cross_entropy(origin.scores(state[0]), following[None]).backward()
        optimizer.step()
        state = tuple(vector.detach() for vector in state)
    return together, (len(symbols) - 1) / (time.perf_counter() - started_at)


def main() -> None:
    """Both tables."""
    options = arguments(__doc__ or "").parse_args()
    path = options.data / "music_bl2012" / "JSB_Chorales.mat"
    rows = []
    for name, keys in WAYS.items():
        runs = [trained(path, keys, seed, options.threads) for seed in range(options.seeds)]
        apart = [run["nll_per_step_12_keys"] - run["nll_per_step"] for run in runs]
        columns = [[run[column] for run in runs] for column in ("nll_per_step", "nll_per_step_12_keys")]
        rows.append([name, f"{runs[0]['updates']:.0f}", *(spread(column, 3) for column in columns), spread(apart, 3)])
    body = table(["trained in", "updates", "test songs as given", "in all 12 keys", "apart"], rows)
    rounds = [tokens_a_second(path) for _ in range(3)]
    (together, alone), ratio = sorted(rounds)[1], sorted(one / other for one, other in rounds)
    body += (
        f"\n\nAn LSTM of 256, the top voice of the chorales: {together:,.0f} steps a second with twelve keys in "
        f"one batch, {alone:,.0f} one step at a time (torch's LSTMCell, an update after each step, as in the origin); "
        f"{ratio[1]:.0f} times faster (3 rounds, {ratio[0]:.0f} to {ratio[-1]:.0f})."
    )
    publish("music-keys", f"One key and twelve, JSB chorales, {options.seeds} seeds", body, write=options.write)


if __name__ == "__main__":
    main()
