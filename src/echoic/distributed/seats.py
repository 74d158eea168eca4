"""Which of several processes this one is, from the environment that its starter has set."""

import os
from collections.abc import Mapping
from typing import NamedTuple

MEETING_PLACE = "ECHOIC_MEETING_PLACE"
"""Environment variable with the file by which the processes of `--processes` find each other."""

_NEEDED = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What torchrun tells each of the processes that it starts."""


class Seat(NamedTuple):
    """Process number `rank` of `size`; number `local_rank` of `local_size` on this machine.

    They find each other by the file `meeting_place`, or through `first_host`, as torchrun has set it up.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    meeting_place: str | None = None
    first_host: str = "127.0.0.1"

    @property
    def is_local(self) -> bool:
        """Whether all processes are on this machine."""
        return self.local_size == self.size

    def environment(self) -> dict[str, str]:
        """The environment variables of which `given_seat` makes this seat again."""
        return {
            "RANK": str(self.rank),
            "WORLD_SIZE": str(self.size),
            "LOCAL_RANK": str(self.local_rank),
            "LOCAL_WORLD_SIZE": str(self.local_size),
            "MASTER_ADDR": self.first_host,
            "MASTER_PORT": "0",
            MEETING_PLACE: str(self.meeting_place),
        }


def given_seat(environment: Mapping[str, str] = os.environ) -> Seat | None:
    """The seat that torchrun, or something like it, has given to this process; None if it was started by itself."""
    if environment.get("WORLD_SIZE", "1") == "1" or not all(environment.get(name) for name in _NEEDED):
        return None
    size = int(environment["WORLD_SIZE"])
    return Seat(
        int(environment["RANK"]),
        size,
        int(environment["LOCAL_RANK"]),
        int(environment.get("LOCAL_WORLD_SIZE", size)),
        environment.get(MEETING_PLACE),
        environment["MASTER_ADDR"],
    )
