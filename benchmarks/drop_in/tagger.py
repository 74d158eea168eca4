"""A typical sequence tagger; `--layer` selects the LSTM of torch or echoic. Run by benchmarks/swap.py."""

import argparse
import json
import time

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import echoic.nn

SYMBOLS, TAGS, WIDTH, BATCH, EVERY = 60, 8, 128, 32, 20
NOISE_FRACTION = 0.2
"""Fraction of random tags; the loss cannot be below 0.80 nats per tag."""

IGNORED = -100


class Tagger(nn.Module):
    """Embedding, a bidirectional LSTM over packed sentences, and a linear layer."""

    def __init__(self, layer: type[nn.Module]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(SYMBOLS, 64)
        self.recurrent = layer(64, WIDTH, batch_first=True, bidirectional=True)
        self.scores = nn.Linear(2 * WIDTH, TAGS)

    def forward(self, sentences: Tensor, lengths: Tensor) -> Tensor:
        """Logits `(batch, tags, steps)`."""
        packed = pack_padded_sequence(self.embedding(sentences), lengths, batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        scores: Tensor = self.scores(hidden)
        return scores.transpose(1, 2)


def draw(generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draws sentences of 10 to 120 symbols, with tags that depend on the symbols 3 steps before and 2 after."""
    lengths = torch.randint(10, 121, (BATCH,), generator=generator)
    symbols = torch.randint(1, SYMBOLS, (BATCH, int(lengths.max())), generator=generator)
    before, after = symbols.roll(3, 1), symbols.roll(-2, 1)
    before[:, :3] = 0
    after[torch.arange(symbols.shape[1]) >= lengths[:, None] - 2] = 0
    tags = symbols % 2 * 4 + before % 2 * 2 + after % 2
    is_noise = torch.rand(tags.shape, generator=generator) < NOISE_FRACTION
    tags = torch.where(is_noise, torch.randint(TAGS, tags.shape, generator=generator), tags)
    tags[torch.arange(symbols.shape[1]) >= lengths[:, None]] = IGNORED
    return symbols, lengths, tags


def main() -> None:
    """Trains, and prints the results as one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--layer", choices=["torch", "echoic"], required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    model = Tagger(nn.LSTM if options.layer == "torch" else echoic.nn.LSTM)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    generator = torch.Generator().manual_seed(options.seed)
    losses, started_at = [], time.perf_counter()
    for step in range(options.steps):
        symbols, lengths, tags = draw(generator)
        loss = nn.functional.cross_entropy(model(symbols, lengths), tags, ignore_index=IGNORED)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % EVERY == EVERY - 1 or step + 1 == options.steps:
            losses.append(loss.item())
    seconds = time.perf_counter() - started_at
    generator.manual_seed(10**6)
    with torch.no_grad():
        batches = [draw(generator) for _ in range(20)]
        held_out = [nn.functional.cross_entropy(model(x, n), y, ignore_index=IGNORED).item() for x, n, y in batches]
    print(json.dumps({"losses": losses, "held_out": sum(held_out) / len(held_out), "seconds": seconds}))


if __name__ == "__main__":
    main()
