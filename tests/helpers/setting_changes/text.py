"""Settings of the text job."""

from pathlib import Path

from setting_changes.entries import Change, Config, Entry, Idle
from setting_changes.shared import INPUTS, NO_EMA, PLAIN_STACK, STACK, TRAIN, idle_everywhere


def accents(folder: Path) -> Path:
    """Text that differs in UTF-8 and Latin-1."""
    path = folder / "accents.txt"
    path.write_text("größe und länge " * 25, "utf-8")
    return path


def surprise(folder: Path) -> Path:
    """Text with a character in test that train lacks."""
    path = folder / "surprise.txt"
    path.write_text("abcdefghij" * 39 + "abcdeXghij")
    return path


CHANGES: dict[str, Entry] = (
    STACK
    | TRAIN
    | INPUTS
    | {
        "encoding": Change("latin-1", data=accents),
        "tokenizer": Change(),
        "split": Change((0.5, 0.25, 0.25)),
        "embedding_dim": Change(),
        "tie_embeddings": Change(base={"embedding_dim": 8}),
        "vocabulary": Change("all", data=surprise),
        "network_weight": Change(1.0),
        "tbptt_steps": Change(),
        "state_reset_steps": Change(20),
    }
)

TINY: Config = NO_EMA | PLAIN_STACK | {
    "split": (0.6, 0.2, 0.2), "batch_size": 4, "tbptt_steps": 10, "embedding_dim": 6,
}  # fmt: skip

IDLE: list[Idle] = [
    *idle_everywhere("text"),
    Idle("text", "vocabulary", "all", {"tokenizer": "bytes"}),
    Idle("text", "input_noise_std", 0.1),
]
