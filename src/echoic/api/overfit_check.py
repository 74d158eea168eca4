"""A quick test before a long run: can the network overfit one batch?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from echoic.api.prepare import choose_threads, prepare
from echoic.training import isolated_randomness, overfit_one_batch, thread_count


def check(
    job: str,
    data: Any = None,
    *,
    config: Mapping[str, Any] | None = None,
    components: Mapping[str, Any] | None = None,
    steps: int = 120,
    on_notes: Callable[[Sequence[str]], object] = list,
    **settings: Any,
) -> list[float]:
    """Trains on a single batch and returns its loss before each step; it must fall before a long run is worth it.

    Optimizer and learning rate are fixed (Adam at 0.02), and dropout is off, independent of the settings. `on_notes` is
    called with the notes on the data.

    Raises:
        ConfigError, DataError: as `echoic.train` does.
    """
    task = choose_threads(prepare(job, data, config=config, components=components, **settings).task)
    on_notes(task.data_report()["notes"])
    train = task.settings.train
    device = torch.device(train.device)
    with thread_count(train.threads), isolated_randomness(train.seed):
        batch = next(task.train_batches().epoch(train.seed, 0)).to(device)
        return overfit_one_batch(task.build_model().to(device), batch, steps, train.precision)


def check_passes(losses: Sequence[float]) -> bool:
    """Whether the loss of the batch fell by a tenth of its initial value.

    The last five losses are averaged, because Adam fluctuates at this learning rate.
    """
    last = sum(losses[-5:]) / len(losses[-5:])
    return last < losses[0] - max(0.1 * abs(losses[0]), 1e-12)
