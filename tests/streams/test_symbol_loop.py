"""Symbols in the loop of the step kernels are those of the network in torch, with the same random numbers."""

from typing import Any

import pytest
import torch
from torch import Tensor

from echoic import ops
from echoic.cells import CELLS, Stack
from echoic.config import StackSettings
from echoic.encoders import Embedding, Encoder, OneHot
from echoic.errors import RunError, ShapeError
from echoic.heads import Categorical, Sampling
from echoic.heads.sampling import SymbolSampler
from echoic.model import SequenceModel
from echoic.readouts import PerStep
from echoic.readouts.base import ReadoutInputs
from echoic.streams import GenerationStream, NetworkStream
from echoic.streams.autoregressive import AutoregressiveStream

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
    monkeypatch.setattr("echoic.streams.kernel.MOST_STEPS_PER_CALL", 23)  # three calls
    loop = GenerationStream(model, sampler)
    assert loop.is_one_call
    symbols, state = loop.push(STEPS, loop.start(known(), seed=5))
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    in_torch = GenerationStream(model, sampler)
    wanted, after = in_torch.push(STEPS, in_torch.start(known(), seed=5))
    assert not in_torch.is_one_call
    assert torch.equal(symbols, wanted)
    assert torch.equal(state.generator, after.generator)
    # The loop has read its last symbols already.
    assert after.values is not None
    assert state.values is None
    params, recurrent = in_torch._network.step(after.values, after.recurrent)
    torch.testing.assert_close(state.params, params, atol=1e-5, rtol=0)
    torch.testing.assert_close(state.recurrent, recurrent, atol=1e-5, rtol=0)


@pytest.mark.parametrize("never", [None, 3])
def test_a_state_of_torch_goes_on_in_the_loop(monkeypatch: pytest.MonkeyPatch, never: int | None) -> None:
    model, sampler = make(), SymbolSampler(Sampling(0.8), never)
    with monkeypatch.context() as off:
        off.setenv("ECHOIC_KERNEL", "off")
        in_torch = GenerationStream(model, sampler)
        _, between = in_torch.push(7, in_torch.start(known(), seed=2))
        wanted, _ = in_torch.push(30, between)
    found, _ = GenerationStream(model, sampler).push(30, between)
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
    assert not GenerationStream(make(), sampler).is_one_call
    assert GenerationStream(make(), PLAIN).is_one_call


class Sharp(Categorical):
    """A head of one's own."""

    def forward(self, hidden: Tensor) -> Tensor:
        return super().forward(hidden) * 50


class Louder(Embedding):  # type: ignore[misc]
    """An encoder of one's own."""

    def forward(self, x: Tensor) -> Tensor:
        return 5 * super().forward(x)


class Reversed(PerStep):  # type: ignore[misc]
    """A readout of one's own."""

    def forward(self, inputs: ReadoutInputs) -> Tensor:
        return super().forward(inputs).flip(-1)


@pytest.mark.parametrize("part", ["encoder", "readout"])
def test_an_encoder_or_a_readout_of_ones_own_is_called(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    model = make()
    encoder = Louder(CLASSES, HIDDEN) if part == "encoder" else model.encoder
    readout = Reversed(HIDDEN) if part == "readout" else model.readout
    stream = GenerationStream(SequenceModel(encoder, model.stack, readout, model.head), PLAIN)
    found, _ = stream.push(STEPS, stream.start(known(), seed=5))
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    wanted, _ = stream.push(STEPS, stream.start(known(), seed=5))
    assert torch.equal(found, wanted)
    assert not stream.is_one_call


def test_a_head_of_ones_own_and_more_symbols_than_classes_are_left_to_torch() -> None:
    model = make()
    own = SequenceModel(model.encoder, model.stack, model.readout, Sharp(HIDDEN, CLASSES))
    wider = SequenceModel(Embedding(CLASSES + 1, HIDDEN), model.stack, model.readout, model.head)
    for one in (own, wider):
        stream = GenerationStream(one, PLAIN)
        assert not stream.is_one_call
        assert stream.push(5, stream.start(known()))[0].shape == (ROWS, 5, 1)


def test_a_uniform_that_rounds_to_one_draws_no_class_that_must_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    def almost_one(shape: Any, _: torch.Generator) -> Tensor:
        return torch.full(shape, 1 - 1e-16, dtype=torch.float64)

    monkeypatch.setattr("echoic.streams.loop.draw_uniforms", almost_one)
    stream = GenerationStream(make(), SymbolSampler(Sampling(), CLASSES - 1))
    assert (stream.push(9, stream.start(known()))[0] < CLASSES - 1).all()


def test_weights_are_packed_once_however_often_a_stream_generates(monkeypatch: pytest.MonkeyPatch) -> None:
    packed, pack = list[Any](), ops.live_network

    def packing(*given: Any, **options: Any) -> Any:
        packed.append(pack(*given, **options))
        return packed[-1]

    monkeypatch.setattr(ops, "live_network", packing)
    stream = AutoregressiveStream(make(), NetworkStream(make()), 1)
    _, (state,) = stream.listen_many([known()[0].numpy()], [stream.start(0)])
    for temperature in (0.5, 0.7, 0.9):
        _, state = stream.generate(3, state, SymbolSampler(Sampling(temperature), 3))
    before = len(packed)
    stream.generate(3, state, SymbolSampler(Sampling(), 3))
    assert before == len(packed) <= 2  # for steps and for loops


def test_logits_that_are_not_numbers_and_states_of_other_rows_are_refused() -> None:
    model = make()
    stream = GenerationStream(model, PLAIN)
    begin = stream.start(known())
    with pytest.raises(ShapeError, match="a state for each row"):
        stream.push(2, begin._replace(recurrent=begin.recurrent.repeat(2, 1)))
    with torch.no_grad():
        model.head.linear.bias[2] = torch.nan
    broken = GenerationStream(model, PLAIN)
    with pytest.raises(RunError, match="logits that are not numbers"):
        broken.push(2, broken.start(known()))
