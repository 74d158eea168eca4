"""Joining the other processes of a training."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import distributed
from torch.distributed.rendezvous import rendezvous

from echoic.distributed.interfaces import chosen_interface
from echoic.distributed.meeting import fresh_store
from echoic.distributed.ranks import ALONE, Ranks
from echoic.distributed.seats import Seat, given_seat
from echoic.errors import ConfigError, LostProcessError

MEETING_TIMEOUT = timedelta(minutes=10)
"""How long a process waits for the others to start."""

TIMEOUT = timedelta(minutes=30)
"""The longest that a process waits for another one later on; one that has ended is noticed at once."""


class _Current:
    """The processes that this one has joined."""

    ranks = ALONE


def joined() -> Ranks:
    """The processes that this one trains with; alone outside of `join`."""
    return _Current.ranks


@contextmanager
def join(device: str = "cpu") -> Iterator[Ranks]:
    """Trainings in the block are those of all processes that torchrun has started, which must make the same calls.

    Such as::

        with echoic.join() as ranks:
            run = echoic.train("forecast", "ETTh1.csv", out="runs/ett")
            if ranks.is_first:
                print(run.evaluate())

    Every process gets the run; that of the first one is the folder `out`, those of the others are temporary copies.
    Without torchrun, the block trains alone.

    Args:
        device: what is trained on. Gradients of GPUs are added up by NCCL, all others by Gloo.

    Raises:
        ConfigError: there are fewer GPUs than processes, or torch lacks what is needed.
        LostProcessError: the other processes do not come.
    """
    seat = given_seat()
    if seat is None or joined() is not ALONE:
        yield joined()
    else:
        with seated(seat, device) as ranks:
            yield ranks


@contextmanager
def seated(seat: Seat, device: str = "cpu") -> Iterator[Ranks]:
    """As `join`, for a process that knows its seat."""
    backend = _backend(device, seat)
    place = "env://" if seat.meeting_place is None else f"file://{seat.meeting_place}"
    try:
        with chosen_interface(seat.first_host, is_local=seat.is_local):
            store, rank, size = next(rendezvous(place, seat.rank, seat.size, timeout=MEETING_TIMEOUT))
            store = fresh_store(store, rank, size, MEETING_TIMEOUT)
            distributed.init_process_group(backend, store=store, rank=rank, world_size=size, timeout=TIMEOUT)
    except RuntimeError as error:
        raise LostProcessError(
            f"Process {seat.rank} of {seat.size} on {socket.gethostname()} cannot reach the others "
            f"({str(error).splitlines()[0][:200]}); where machines have several networks, name the interface in "
            "GLOO_SOCKET_IFNAME."
        ) from error
    torch.set_num_threads(max(1, min(torch.get_num_threads(), (os.cpu_count() or 1) // seat.local_size)))
    _Current.ranks = Ranks(seat.rank, seat.size)
    try:
        yield _Current.ranks
    finally:
        _Current.ranks = ALONE
        distributed.destroy_process_group()


def _backend(device: str, seat: Seat) -> str:
    if not distributed.is_available():
        raise ConfigError("This torch was built without torch.distributed, which several processes need.")
    if not device.startswith("cuda"):
        return "gloo"
    if torch.cuda.device_count() < seat.local_size:
        raise ConfigError(
            f"{seat.local_size} processes on this machine need as many GPUs, and it has {torch.cuda.device_count()}; "
            "start fewer processes, or train on the CPU."
        )
    torch.cuda.set_device(seat.local_rank)
    return "cpu:gloo,cuda:nccl"
