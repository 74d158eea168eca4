"""Before a long run: can the network learn one batch by heart?"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from echoic.api.prepare import prepare
from echoic.training import isolated_randomness, overfit_one_batch, thread_count


def check(
    job: str, data: Any, *, config: Mapping[str, Any] | None = None, steps: int = 120, **settings: Any
) -> list[float]:
    """Fits one batch again and again, and gives its losses: they must fall, or a long run is not worth starting.

    Learning rate and optimiser are the check's own (Adam at 0.02), and dropout is off, whatever the settings say.

    Raises:
        ConfigError, DataError: as `echoic.train` does.
    """
    task = prepare(job, data, config=config, **settings).task
    seed, device = task.settings.train.seed, torch.device(task.settings.train.device)
    with thread_count(task.settings.train.threads), isolated_randomness(seed):
        batch = next(task.train_batches().epoch(seed, 0)).to(device)
        return overfit_one_batch(task.build_model().to(device), batch, steps)


def check_passes(losses: Sequence[float]) -> bool:
    """Whether the loss of the one batch fell as it should: by a clear share of where it began.

    The last losses, averaged because Adam at this rate jumps about, have to lie below nine tenths of the first. A
    likelihood may begin near zero or below; it has to fall by a tenth of a nat.
    """
    last = sum(losses[-5:]) / len(losses[-5:])
    return last < losses[0] - max(0.1 * abs(losses[0]), 1e-12)
