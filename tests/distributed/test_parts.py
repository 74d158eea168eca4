"""Shares, seats and random numbers of processes, without starting any."""

import os
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch._C._distributed_c10d import HashStore

from echoic.cli.processes import training_processes
from echoic.distributed.interfaces import chosen_interface, interface_to
from echoic.distributed.meeting import fresh_store
from echoic.distributed.ranks import ALONE, Ranks
from echoic.distributed.seats import Seat, given_seat
from echoic.errors import ConfigError, LostProcessError
from echoic.nn import Dropout
from echoic.sound import CodeNoise
from echoic.split_batch import Place, split_batch
from echoic.tensors import Batch


@given(rows=st.integers(0, 200), size=st.integers(1, 9))
def test_every_row_has_one_process_and_shares_differ_by_one_row(rows: int, size: int) -> None:
    shares = [Ranks(rank, size).share(rows) for rank in range(size)]
    if rows < size or size == 1:
        assert all(share == (0, rows, True) for share in shares)
        return
    assert [shares[0].begin, *(share.end for share in shares)] == [*(share.begin for share in shares), rows]
    sizes = [share.end - share.begin for share in shares]
    assert max(sizes) - min(sizes) <= 1
    assert min(sizes) >= 1


def test_a_share_has_the_rows_of_all_tensors() -> None:
    values = torch.arange(5.0)[:, None, None]
    batch = Batch(values, values, values > 0, carry=True, ids=torch.arange(5), lengths=torch.arange(5))
    part = Ranks(1, 2).share(5).of(batch)
    assert part.carry
    assert part.future_covariates is None
    for tensor in (part.inputs[:, 0, 0], part.targets[:, 0, 0], part.ids, part.lengths):
        assert tensor is not None
        assert tensor.tolist() == [2, 3, 4]
    assert Ranks(1, 6).share(5).of(batch) is batch


class Part:
    """The split of a process that knows how many values the others have."""

    def __init__(self, before: int, total: int) -> None:
        self.before, self.total = before, total

    def place(self, count: int) -> Place:
        return Place(self.before, count, self.total)

    def gather(self, values: Tensor) -> Tensor:
        return values


@pytest.mark.parametrize(
    ("module", "per_row"),
    [
        (Dropout(0.4), 12),
        (Dropout(0.4, locked=True), 3),
        (CodeNoise(256, 9.0), 1),
    ],
    ids=["dropout", "locked dropout", "noise"],
)
def test_random_numbers_are_those_of_the_whole_batch(module: Callable[[Tensor], Tensor], per_row: int) -> None:
    x = torch.full((7, 4, 3), 100.0)
    torch.manual_seed(1)
    whole, state = module(x), torch.get_rng_state()
    for begin, end in ((0, 2), (2, 7), (3, 4)):
        torch.manual_seed(1)
        with split_batch(Part(begin * per_row, 7 * per_row)):
            assert torch.equal(module(x[begin:end]), whole[begin:end])
        assert torch.equal(torch.get_rng_state(), state)


def test_weights_are_dropped_alike_in_all_processes() -> None:
    torch.manual_seed(1)
    whole = Dropout(0.4, of_weights=True)(torch.ones(6, 2))
    torch.manual_seed(1)
    with split_batch(Part(5, 40)):
        assert torch.equal(Dropout(0.4, of_weights=True)(torch.ones(6, 2)), whole)


def test_a_process_alone_asks_nobody() -> None:
    values = torch.ones(2)
    assert ALONE.is_first
    assert ALONE.gather(values) is values
    assert ALONE.total(values) is values
    assert ALONE.of_first(values) is values
    assert ALONE.highest([1, 2]) == [1, 2]
    assert ALONE.all_gather({"a": 1}) == [{"a": 1}]
    assert ALONE.bytes_of_first(b"x") == b"x"
    with pytest.raises(KeyError), ALONE.together():
        raise KeyError


def test_a_seat_is_told_by_the_environment() -> None:
    seat = Seat(1, 3, 1, 3, "/tmp/meeting")  # noqa: S108
    assert given_seat(seat.environment()) == seat
    assert given_seat({}) is None
    assert (
        given_seat({"WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0", "MASTER_ADDR": "a", "MASTER_PORT": "1"}) is None
    )
    torchrun = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "10.0.0.1"}
    assert given_seat(torchrun) is None
    found = given_seat(torchrun | {"MASTER_PORT": "29500"})
    assert found == Seat(3, 4, 1, 2, None, "10.0.0.1")
    assert not found.is_local


def test_the_interface_is_named_for_the_meeting_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    with chosen_interface("127.0.0.1", is_local=True):
        assert os.environ["GLOO_SOCKET_IFNAME"] in {"lo", "lo0"}
    assert "GLOO_SOCKET_IFNAME" not in os.environ
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "eth7")
    with chosen_interface("127.0.0.1", is_local=True):
        assert os.environ["GLOO_SOCKET_IFNAME"] == "eth7"
    assert os.environ["GLOO_SOCKET_IFNAME"] == "eth7"


def test_no_interface_leads_to_this_machine_itself_or_to_nowhere() -> None:
    assert interface_to("127.0.0.1") is None
    assert interface_to("no such host") is None


def test_a_meeting_ignores_what_an_earlier_one_has_left() -> None:
    store = HashStore()
    store.set("hello/1", "gone")
    store.set("hello/2", "gone, too")
    store.set("welcome/gone", "an earlier meeting")
    found: dict[int, bytes] = {}

    def meet(rank: int) -> None:
        own = fresh_store(store, rank, 3, timedelta(seconds=60))
        own.set(f"address/{rank}", str(rank))
        found[rank] = own.get(f"address/{(rank + 1) % 3}")

    threads = [threading.Thread(target=meet, args=[rank]) for rank in (0, 2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == {0: b"1", 1: b"2", 2: b"0"}


def test_a_meeting_to_which_not_all_come_ends() -> None:
    with pytest.raises(LostProcessError, match="Not all of the 2 processes of this training have come in time"):
        fresh_store(HashStore(), 0, 2, timedelta(seconds=0.1))


def test_processes_that_contradict_torchrun_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in Seat(1, 2, 1, 2).environment().items():
        monkeypatch.setenv(name, value)
    refused = r"--processes 3 contradicts torchrun, which has started 2; leave it out\."
    with pytest.raises(ConfigError, match=refused), training_processes(3, None):
        pass


def test_standard_input_cannot_be_shared() -> None:
    refused = r"Several processes cannot all read standard input; write it to a file first\."
    with pytest.raises(ConfigError, match=refused), training_processes(2, ["-"]):
        pass


@pytest.mark.parametrize("count", [None, 1])
def test_without_processes_nothing_is_started(count: int | None) -> None:
    with training_processes(count, ["-"]) as ranks:
        assert ranks is ALONE
