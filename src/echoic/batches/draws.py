"""Random numbers of one batch."""

from typing import NamedTuple

import torch

from echoic.windows import Purpose, make_generator


class Draws(NamedTuple):
    """Generators for batch `number` of an epoch, the same whenever that batch is made again.

    `stream` is the number of the batch in which its streams begin: `number` itself, unless the state is carried.
    """

    seed: int
    epoch: int
    number: int
    stream: int

    def batch_generator(self, purpose: Purpose) -> torch.Generator:
        """A generator that differs from batch to batch."""
        return make_generator(self.seed, self.epoch, self.number, purpose)

    def stream_generator(self, purpose: Purpose) -> torch.Generator:
        """A generator that is the same in all batches with the same streams."""
        return make_generator(self.seed, self.epoch, self.stream, purpose)

    def epoch_generator(self, purpose: Purpose) -> torch.Generator:
        """A generator that is the same in all batches of an epoch."""
        return make_generator(self.seed, self.epoch, purpose)
