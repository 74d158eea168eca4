"""Training by several processes: `--processes N` on one machine, torchrun on one or several."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from echoic.cli.printing import say
from echoic.distributed.seats import Seat, given_seat
from echoic.errors import ConfigError, EchoicError, Interrupted, LostProcessError, TrainingError

if TYPE_CHECKING:
    from echoic.distributed.ranks import Ranks

Processes = Annotated[
    int | None,
    typer.Option(
        metavar="INTEGER",
        min=1,
        help="Number of processes on this machine that train the network together, each on its share of every batch: "
        "for large networks. For several machines use torchrun. Default: 1.",
        rich_help_panel="Training",
    ),
]


@contextmanager
def training_processes(count: int | None, data: list[str] | None, device: str = "cpu") -> Iterator["Ranks"]:
    """Starts `count` processes, or joins those of torchrun; trainings in the block are those of all of them.

    Only the first one prints; the others are silent unless something happens to them alone.

    Raises:
        ConfigError: torchrun has started another number, or the data are on standard input.
        LostProcessError: one of them has failed.
    """
    from echoic.distributed.ranks import ALONE

    seat = given_seat()
    if seat is None and (count is None or count == 1):
        yield ALONE
        return
    if "-" in (data or ()):
        raise ConfigError("Several processes cannot all read standard input; write it to a file first.")
    if seat is None:
        from echoic.distributed.joining import seated
        from echoic.distributed.launching import launched

        command = [sys.executable, "-m", "echoic", *sys.argv[1:]]
        with launched(count or 1, command) as first, seated(first, device) as ranks:
            yield ranks
        return
    if count is not None and count != seat.size:
        raise ConfigError(f"--processes {count} contradicts torchrun, which has started {seat.size}; leave it out.")
    with _joined(seat, device) as ranks:
        yield ranks


@contextmanager
def _joined(seat: Seat, device: str) -> Iterator["Ranks"]:
    from echoic.distributed.joining import seated
    from echoic.distributed.launching import come

    if seat.rank:
        warnings.showwarning = _ignored  # type: ignore[assignment]
    come(seat)
    with seated(seat, device) as ranks:
        try:
            yield ranks
        except EchoicError as error:
            if ranks.is_first:
                raise
            is_common = ranks.has_common_error or isinstance(error, Interrupted | TrainingError)
            if isinstance(error, LostProcessError) or not is_common:
                say(f"echoic: process {seat.rank} of {seat.size}: {error}")
            raise typer.Exit(error.exit_code) from error


def _ignored(*_: object) -> None:
    """The first process shows the same warnings."""
