from itertools import islice

import pytest
import torch
from torch import nn

from echoic.cells import CELLS, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Identity
from echoic.heads import HEADS
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams.generation import CHUNK_STEPS, free_run, prime

PASS = 1e-5  # float32


def make(cell="gru"):
    torch.manual_seed(0)
    stack = Stack(CELLS, 2, StackSettings(cell=cell, layers=(4, 3), dropout=0.5))
    return SequenceModel(Identity(2), stack, PerStep(3), HEADS["point"].build(3, 1, 1, HeadSettings()))


class Sum(nn.Module):
    """Remembers the sum of all inputs and says it, doubled."""

    def initial_state(self, batch):
        return ((torch.zeros(batch, 1),),)

    def forward(self, x, state):
        sums = state[0][0][:, None] + x.cumsum(1)
        return 2 * sums[..., None], ((sums[:, -1],),)

    def step(self, x_t, state):
        params, state = self.forward(x_t[:, None], state)
        return params, state

    def stepper(self):
        return self.step


def test_free_run_equals_a_loop_by_hand():
    model = Sum()
    params, state = prime(model, torch.tensor([[[1.0], [2.0]], [[0.0], [-1.0]]]))
    assert params.flatten().tolist() == [6.0, -2.0]
    values = free_run(model, params, state, lambda p: p[..., 0], lambda v, step: v[:, 0] + 10 * step)
    got = torch.cat(list(islice(values, 4)), 1)[..., 0].tolist()
    wanted = []
    for total in (3.0, -1.0):
        row = []
        for step in range(4):
            row.append(2 * total)
            total += row[-1] + 10 * step  # noqa: PLW2901
        wanted.append(row)
    assert got == wanted


@pytest.mark.parametrize("cell", CELLS)
def test_free_run_equals_one_pass_over_what_it_fed_itself(cell):
    model = make(cell)
    known = torch.randn(3, 6, 2)
    extra = torch.randn(3, 20)

    def next_input(values, step):
        return torch.cat([values[:, 0], extra[:, step : step + 1]], 1)

    values = torch.cat(list(islice(free_run(model, *prime(model, known), lambda p: p[..., 0], next_input), 8)), 1)
    fed = torch.stack([next_input(values[:, step : step + 1], step) for step in range(7)], 1)
    with torch.no_grad():
        whole, _ = model.eval()(torch.cat([known, fed], 1))
    torch.testing.assert_close(values, whole[:, 5:, :, 0], atol=PASS, rtol=0)


def test_the_state_never_grows_and_no_graph_is_kept():
    model = make()
    sizes = []
    step = model.step

    def watched(x_t, state):
        sizes.append(tuple(model.pack(state).shape))
        return step(x_t, state)

    model.stepper = lambda: watched
    params, state = prime(model, torch.randn(3, 5, 2))
    values = free_run(model, params, state, lambda p: p[..., 0], lambda v, _: v[:, 0].expand(-1, 2))
    for value in islice(values, 50):
        assert not value.requires_grad
    assert set(sizes) == {(3, model.state_size)}
    assert len(sizes) == 49


@pytest.mark.parametrize("steps", [1, CHUNK_STEPS, CHUNK_STEPS + 1, 2 * CHUNK_STEPS + 7])
def test_priming_beyond_a_chunk_equals_one_piece(steps):
    model = make()
    x = torch.randn(1, steps, 2)
    params, state = prime(model, x)
    with torch.no_grad():
        whole, end = model(x)
    assert params.shape == (1, 1, 1, 1)
    torch.testing.assert_close(params, whole[:, -1:], atol=PASS, rtol=0)
    torch.testing.assert_close(model.pack(state), model.pack(end), atol=PASS, rtol=0)


def test_priming_goes_on_from_a_state():
    model = make()
    x = torch.randn(2, 9, 2)
    _, state = prime(model, x[:, :4])
    later, end = prime(model, x[:, 4:], state)
    params, wanted = prime(model, x)
    torch.testing.assert_close(later, params, atol=PASS, rtol=0)
    torch.testing.assert_close(model.pack(end), model.pack(wanted), atol=PASS, rtol=0)


def test_generating_never_drops_out():
    model, x = make().train(), torch.randn(1, 5, 2)
    params, state = prime(model, x)
    assert torch.equal(prime(model.train(), x)[0], params)
    runs = [free_run(model.train(), params, state, lambda p: p[..., 0], lambda v, _: v[:, 0].expand(-1, 2))] * 1
    first = torch.cat(list(islice(runs[0], 5)))
    again = free_run(model.train(), params, state, lambda p: p[..., 0], lambda v, _: v[:, 0].expand(-1, 2))
    assert torch.equal(torch.cat(list(islice(again, 5))), first)
