"""A store for the messages of one meeting of processes, in one that may hold those of earlier ones."""

import secrets
import time
from datetime import timedelta

from torch._C._distributed_c10d import PrefixStore, Store

from echoic.errors import LostProcessError

_POLL_S = 0.02


def fresh_store(store: Store, rank: int, size: int, timeout: timedelta) -> Store:
    """A part of `store` that only the processes have which are there now.

    After a restart torchrun may keep its store, and with it the addresses of processes that have ended; connections to
    these are refused. So everyone says hello with a new name, and the first process answers by it.

    Raises:
        LostProcessError: not all have come in time.
    """
    name = secrets.token_hex(8)
    if rank:
        store.set(f"hello/{rank}", name)
        meeting = store.get(f"welcome/{name}").decode()
        store.set(f"here/{meeting}/{rank}", "")
        return PrefixStore(meeting, store)
    others = range(1, size)
    until = time.monotonic() + timeout.total_seconds()
    while not store.check([f"here/{name}/{other}" for other in others]):
        for other in others:
            if store.check([f"hello/{other}"]):
                store.set(f"welcome/{store.get(f'hello/{other}').decode()}", name)
        if time.monotonic() > until:
            raise LostProcessError(f"Not all of the {size} processes of this training have come in time.")
        time.sleep(_POLL_S)
    return PrefixStore(name, store)
