"""What all processes of a training must agree on after each step, since a single one of them knows it."""

from typing import NamedTuple, Self

from echoic.distributed.ranks import Ranks


class Agreement(NamedTuple):
    """Why to stop or save. A signal (its number; 0: none) may come to any process; the rest is up to the first one."""

    signal: int = 0
    is_stop_requested: bool = False
    is_time_up: bool = False
    is_checkpoint_due: bool = False

    @property
    def stops(self) -> bool:
        """Whether the training is to stop after a checkpoint."""
        return bool(self.signal) or self.is_stop_requested

    def with_others(self, ranks: Ranks) -> Self:
        """What holds for all, from what this process knows."""
        if ranks.size == 1:
            return self
        own = self if ranks.is_first else Agreement(self.signal)
        signal, *others = ranks.highest(own)
        return type(self)(int(signal), *map(bool, others))
