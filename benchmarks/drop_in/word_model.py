"""A typical word language model; `--layer` selects the LSTM of torch or echoic. Run by benchmarks/swap.py."""

import argparse
import json
import re
import time
from collections import Counter

import torch
from torch import Tensor, nn

import echoic.nn

WORDS, WIDTH, STREAMS, SPAN, EVERY = 5000, 256, 20, 35, 20


class WordModel(nn.Module):
    """Embedding, two recurrent layers with dropout between them, and a softmax over the vocabulary."""

    def __init__(self, layer: type[nn.Module]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(WORDS, WIDTH)
        self.recurrent = layer(WIDTH, WIDTH, num_layers=2, dropout=0.2, batch_first=True)
        self.scores = nn.Linear(WIDTH, WORDS)

    def forward(self, words: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits of the next word, and the state."""
        hidden, state = self.recurrent(self.embedding(words), state)
        return self.scores(hidden), state


def read(path: str) -> tuple[Tensor, Tensor]:
    """Training and held-out streams of word ids; words that are rare in training share one id."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        words = re.findall(r"\w+|[^\w\s]", file.read().lower())
    cut = len(words) * 9 // 10
    ids = {word: at + 1 for at, (word, _) in enumerate(Counter(words[:cut]).most_common(WORDS - 1))}
    all_words = torch.tensor([ids.get(word, 0) for word in words])
    train, test = all_words[:cut], all_words[cut:]
    return _streams(train), _streams(test)


def _streams(words: Tensor) -> Tensor:
    return words[: len(words) // STREAMS * STREAMS].view(STREAMS, -1)


@torch.no_grad()
def held_out(model: WordModel, streams: Tensor) -> float:
    """Loss in nats per word, with the state carried over."""
    model.eval()
    total, state = 0.0, None
    spans = range(0, streams.shape[1] - SPAN - 1, SPAN)
    for at in spans:
        scores, state = model(streams[:, at : at + SPAN], state)
        total += nn.functional.cross_entropy(scores.flatten(0, 1), streams[:, at + 1 : at + SPAN + 1].flatten()).item()
    model.train()
    return total / len(spans)


def main() -> None:
    """Trains, and prints the results as one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("text")
    parser.add_argument("--layer", choices=["torch", "echoic"], required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    train, test = read(options.text)
    model = WordModel(nn.LSTM if options.layer == "torch" else echoic.nn.LSTM)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    losses, state, at, started_at = [], None, 0, time.perf_counter()
    for step in range(options.steps):
        if at + SPAN + 1 > train.shape[1]:
            at, state = 0, None
        scores, state = model(train[:, at : at + SPAN], state)
        state = tuple(one.detach() for one in state)
        loss = nn.functional.cross_entropy(scores.flatten(0, 1), train[:, at + 1 : at + SPAN + 1].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
        at += SPAN
        if step % EVERY == EVERY - 1 or step + 1 == options.steps:
            losses.append(loss.item())
    seconds = time.perf_counter() - started_at
    print(json.dumps({"losses": losses, "held_out": held_out(model, test), "seconds": seconds}))


if __name__ == "__main__":
    main()
