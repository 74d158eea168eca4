"""Bidirectional layers, against those of torch."""

import pytest
import torch

from echoic.cells import CELLS, Bidirectional, Cell, Stack
from echoic.config import StackSettings
from echoic.encoders import Identity
from echoic.errors import ConfigError, ShapeError
from echoic.heads import Categorical
from echoic.model import SequenceModel
from echoic.readouts import Horizon, PerStep
from echoic.streams.kernel import KernelStream

THEIRS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def made(cell: str = "lstm", layers: tuple[int, ...] = (5, 3)) -> Bidirectional:
    torch.manual_seed(0)
    return Bidirectional(CELLS, 4, StackSettings(cell=cell, layers=layers))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_outputs_equal_torchs(cell: str) -> None:
    ours = made(cell, (5,))
    theirs = THEIRS[cell](4, 5, batch_first=True, bidirectional=True)
    # torch has a second bias, which differs within the GRU's candidate, so all biases are zero here.
    for name, module in (("", ours.forward_cells[0]), ("_reverse", ours.backward_cells[0])):
        assert isinstance(module, Cell)
        module.bias.data.zero_()
        getattr(theirs, f"weight_ih_l0{name}").data = module.w_in.data
        getattr(theirs, f"weight_hh_l0{name}").data = module.w_rec.data
        getattr(theirs, f"bias_ih_l0{name}").data.zero_()
        getattr(theirs, f"bias_hh_l0{name}").data.zero_()
    x, lengths = torch.randn(6, 9, 4), torch.tensor([9, 1, 4, 7, 9, 2])
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    wanted, _ = torch.nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    found, state = ours(x, ours.initial_state(6), lengths)
    valid = torch.arange(9) < lengths[:, None]
    torch.testing.assert_close(found[valid], wanted[valid], atol=1e-5, rtol=1e-5)
    assert found.shape == (6, 9, ours.output_size)
    assert state == ()


def test_padding_is_ignored_and_rows_are_independent() -> None:
    stack = made()
    x, lengths = torch.randn(4, 8, 4), torch.tensor([8, 3, 5, 1])
    whole, _ = stack(x, (), lengths)
    other = x + 9 * (torch.arange(8) >= lengths[:, None])[..., None]
    found, _ = stack(other, (), lengths)
    for row, length in enumerate(lengths.tolist()):
        torch.testing.assert_close(found[row, :length], whole[row, :length])
        alone, _ = stack(x[row : row + 1, :length], ())
        torch.testing.assert_close(alone[0], whole[row, :length], atol=1e-6, rtol=1e-5)


def test_there_is_no_state_and_no_live_use() -> None:
    stack = made()
    assert stack.state_size == 0
    assert stack.unpack(stack.pack(stack.initial_state(3))) == ()
    with pytest.raises(ShapeError, match="have no state"):
        stack.unpack(torch.ones(1, 2))


def test_a_horizon_is_refused() -> None:
    stack = made()
    one_way = Stack(CELLS, 4, StackSettings(layers=(stack.output_size,)))
    model = SequenceModel(Identity(4), stack, Horizon(one_way, 3), Categorical(stack.output_size, 3))
    with pytest.raises(ConfigError, match="bidirectional layers have none"):
        model(torch.zeros(1, 5, 4))


def test_a_kernel_stream_refuses_them() -> None:
    stack = made()
    model = SequenceModel(Identity(4), stack, PerStep(stack.output_size), Categorical(stack.output_size, 3))
    with pytest.raises(ConfigError, match="got Identity, Bidirectional"):
        KernelStream(model)
