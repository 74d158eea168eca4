"""Symbols in the loop of the step kernels are those of the network in torch, with the same random numbers."""

import pytest
import torch
from torch import Tensor

from echoic import ops
from echoic.cells import CELLS, Stack
from echoic.config import StackSettings
from echoic.encoders import Embedding, Encoder, OneHot
from echoic.heads import Categorical, Sampling
from echoic.heads.sampling import SymbolSampler
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.streams import GenerationStream
from echoic.streams.symbol_loop import SymbolLoop

CLASSES, HIDDEN, ROWS, STEPS = 11, 9, 3, 60
PLAIN = SymbolSampler(Sampling(0.8))

pytestmark = pytest.mark.skipif(ops.kernel() == "off", reason="no compiled kernel is in use")


def make(encoder: str = "embedding", cell: str = "lstm", *, tied: bool = False) -> SequenceModel:
    torch.manual_seed(0)
    chosen: Encoder = OneHot(CLASSES) if encoder == "one_hot" else Embedding(CLASSES, HIDDEN)
    stack = Stack(CELLS, chosen.output_size, StackSettings(cell=cell, layers=(13, HIDDEN)))
    shared = (lambda: chosen.weight) if isinstance(chosen, Embedding) and tied else None
    head = Categorical(HIDDEN, CLASSES, tied=shared)
    torch.nn.init.normal_(head.linear.bias)
    return SequenceModel(chosen, stack, PerStep(HIDDEN), head)


def known() -> Tensor:
    return torch.randint(CLASSES, (ROWS, 4, 1), generator=torch.Generator().manual_seed(1)).float()


@pytest.mark.parametrize("never", [None, 3])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize(
    ("encoder", "cell", "tied"), [("embedding", "lstm", False), ("embedding", "gru", True), ("one_hot", "gru", False)]
)
def test_symbols_logits_and_states_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch, encoder: str, cell: str, tied: bool, temperature: float, never: int | None
) -> None:
    model, sampler = make(encoder, cell, tied=tied), SymbolSampler(Sampling(temperature), never)
    loop = GenerationStream(model, sampler)
    assert loop._loop is not None
    symbols, state = loop.push(STEPS, loop.start(known(), seed=5))
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    in_torch = GenerationStream(model, sampler)
    wanted, after = in_torch.push(STEPS, in_torch.start(known(), seed=5))
    assert in_torch._loop is None
    assert torch.equal(symbols, wanted)
    assert torch.equal(state.generator, after.generator)
    # The loop has read its last symbols already.
    assert after.values is not None
    assert state.values is None
    params, recurrent = in_torch._network.step(after.values, after.recurrent)
    kept = [one for one in range(CLASSES) if one != never]
    torch.testing.assert_close(state.params[..., kept], params[..., kept], atol=1e-5, rtol=0)
    torch.testing.assert_close(state.recurrent, recurrent, atol=1e-5, rtol=0)


def test_a_state_of_torch_goes_on_in_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make()
    with monkeypatch.context() as off:
        off.setenv("ECHOIC_KERNEL", "off")
        in_torch = GenerationStream(model, PLAIN)
        _, between = in_torch.push(7, in_torch.start(known(), seed=2))
        wanted, _ = in_torch.push(30, between)
    found, _ = GenerationStream(model, PLAIN).push(30, between)
    assert torch.equal(found, wanted)


def test_a_class_that_is_all_but_certain_is_not_drawn_if_it_must_not_be() -> None:
    model = make()
    with torch.no_grad():
        model.head.linear.bias[3] = 50
    symbols, _ = (stream := GenerationStream(model, SymbolSampler(Sampling(), 3))).push(200, stream.start(known()))
    assert 3 not in symbols
    always, _ = (stream := GenerationStream(model, SymbolSampler(Sampling()))).push(200, stream.start(known()))
    assert (always == 3).all()


def test_the_state_before_is_left_unchanged() -> None:
    stream = GenerationStream(make(), PLAIN)
    begin = stream.start(known())
    kept = begin.params.clone(), begin.recurrent.clone(), begin.generator.clone()
    stream.push(9, begin)
    assert all(map(torch.equal, kept, (begin.params, begin.recurrent, begin.generator)))


@pytest.mark.parametrize(
    "sampler",
    [SymbolSampler(Sampling(top_k=3)), SymbolSampler(Sampling(top_p=0.9)), SymbolSampler(Sampling(prob_floor=0.01))],
)
def test_what_the_kernel_cannot_draw_is_drawn_in_torch(sampler: SymbolSampler) -> None:
    assert SymbolLoop.of(make(), sampler) is None
    assert SymbolLoop.of(make(), PLAIN) is not None
