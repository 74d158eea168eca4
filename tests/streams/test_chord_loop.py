"""Chords in the loop of the step kernels are those of the network in torch, with the same random numbers."""

import copy
from collections.abc import Callable
from multiprocessing.reduction import ForkingPickler
from typing import Any

import pytest
import torch
from torch import Tensor

from echoic import ops
from echoic.cells import CELLS, Stack
from echoic.config import StackSettings
from echoic.encoders import Identity
from echoic.errors import RunError, ShapeError
from echoic.heads import Bernoulli, Joint, Sampling, SymbolHead
from echoic.model import SequenceModel
from echoic.readouts import ConcatInput, PerStep, Readout
from echoic.streams import GenerationStream
from echoic.streams.generation import GenerationState

NOTES, HIDDEN, ROWS, STEPS = 14, 9, 3, 40
HEADS = ["bernoulli", "joint", "joint with the chord before", "joint of onsets"]

pytestmark = pytest.mark.skipif(ops.kernel() == "off", reason="no compiled kernel is in use")


def make(head: str = "joint", cell: str = "lstm") -> SequenceModel:
    """A network whose chords have some notes, and depend on those before."""
    torch.manual_seed(0)
    readout: Readout = PerStep(HIDDEN)
    if head == "joint with the chord before":
        readout = ConcatInput(HIDDEN, NOTES)
    top: SymbolHead = Bernoulli(HIDDEN, NOTES)
    if head != "bernoulli":
        top = Joint(readout.output_size, NOTES, 11, 0.3, per_pitch=2 if head == "joint of onsets" else 1)
    for weights in top.parameters():
        torch.nn.init.normal_(weights)
    stack = Stack(CELLS, NOTES, StackSettings(cell=cell, layers=(13, HIDDEN)))
    return SequenceModel(Identity(NOTES), stack, readout, top)


def known() -> Tensor:
    return torch.randint(2, (ROWS, 4, NOTES), generator=torch.Generator().manual_seed(1)).float()


def started(head: str, temperature: float, cell: str = "lstm") -> tuple[GenerationStream, GenerationState]:
    stream = GenerationStream.of_symbols(make(head, cell), Sampling(temperature))
    return stream, stream.start(known(), seed=5)


def sent_to_a_process(stream: GenerationStream) -> Any:
    return ForkingPickler.loads(bytes(ForkingPickler.dumps(stream)))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
@pytest.mark.parametrize("head", HEADS)
def test_chords_and_states_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch, head: str, temperature: float, cell: str
) -> None:
    monkeypatch.setattr("echoic.streams.chord_loop.MOST_DRAWS", 17 * ROWS * (NOTES + 1))  # three calls
    loop, begin = started(head, temperature, cell)
    assert loop.is_one_call
    chords, state = loop.push(STEPS, begin)
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    in_torch, begin = started(head, temperature, cell)
    assert not in_torch.is_one_call
    wanted, after = in_torch.push(STEPS, begin)
    assert torch.equal(chords, wanted)
    assert 0.05 < wanted.mean() < 0.95
    assert torch.equal(state.generator, after.generator)
    # The loop has read its last chords already.
    assert after.values is not None
    assert state.values is None
    params, recurrent = in_torch._network.step(after.values, after.recurrent)
    torch.testing.assert_close(state.params, params, atol=1e-4, rtol=0)
    torch.testing.assert_close(state.recurrent, recurrent, atol=1e-5, rtol=0)


@pytest.mark.parametrize("head", HEADS)
def test_a_state_of_torch_goes_on_in_the_loop(monkeypatch: pytest.MonkeyPatch, head: str) -> None:
    with monkeypatch.context() as off:
        off.setenv("ECHOIC_KERNEL", "off")
        in_torch, begin = started(head, 0.8)
        _, between = in_torch.push(7, begin)
        wanted, _ = in_torch.push(30, between)
    kept = between.params.clone(), between.recurrent.clone(), between.generator.clone()
    found, _ = started(head, 0.8)[0].push(30, between)
    assert torch.equal(found, wanted)
    assert all(map(torch.equal, kept, (between.params, between.recurrent, between.generator)))


@pytest.mark.parametrize("head", HEADS)
def test_the_number_of_calls_changes_nothing(head: str) -> None:
    stream, state = started(head, 0.8)
    whole, _ = stream.push(STEPS, state)
    parts = []
    for steps in (1, 12, STEPS - 13):
        part, state = stream.push(steps, state)
        parts.append(part)
    assert torch.equal(torch.cat(parts, 1), whole)


def test_a_pitch_is_sustained_or_begins() -> None:
    stream, state = started("joint of onsets", 1.0)
    chords, _ = stream.push(STEPS, state)
    assert (chords.view(ROWS, STEPS, -1, 2).sum(-1) <= 1).all()


def test_what_the_kernel_cannot_draw_is_drawn_in_torch() -> None:
    model = make()
    for sampling in (Sampling(top_k=3), Sampling(top_p=0.9), Sampling(prob_floor=0.01)):
        assert not GenerationStream.of_symbols(model, sampling).is_one_call
    draw = GenerationStream.of_symbols(model, Sampling()).sample
    assert not GenerationStream(model, lambda params, generator: 1 - draw(params, generator)).is_one_call
    assert not GenerationStream(make("joint"), draw).is_one_call  # another head's
    wide = Joint(HIDDEN + NOTES, NOTES, 11, 0.0)
    wider = SequenceModel(Identity(NOTES + 1), Stack(CELLS, NOTES + 1, StackSettings()), PerStep(HIDDEN), wide)
    assert not GenerationStream.of_symbols(wider, Sampling()).is_one_call


def test_parts_of_ones_own_are_left_to_torch() -> None:
    model = make("bernoulli")
    for part, own in ((model.encoder, Identity), (model.readout, PerStep), (model.head, Bernoulli)):
        before, part.__class__ = part.__class__, type("Own", (own,), {})
        assert not GenerationStream.of_symbols(model, Sampling()).is_one_call
        part.__class__ = before
    assert GenerationStream.of_symbols(model, Sampling()).is_one_call
    model.head.linear = torch.nn.Linear(HIDDEN, NOTES, bias=False)
    assert not GenerationStream.of_symbols(model, Sampling()).is_one_call


def test_draws_do_not_depend_on_torchs_default_type() -> None:
    stream, state = started("bernoulli", 0.8)
    wanted, _ = stream.push(9, state)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        found, _ = stream.push(9, state)
    finally:
        torch.set_default_dtype(before)
    assert torch.equal(found, wanted)


@pytest.mark.parametrize("copied", [copy.deepcopy, sent_to_a_process])
def test_a_copy_of_a_stream_that_has_generated_goes_on_alike(copied: Callable[[GenerationStream], Any]) -> None:
    stream, state = started("joint", 0.8)
    _, state = stream.push(5, state)
    stream._network.step(known()[:, :1], state.recurrent)  # a step alone packs the weights again
    other = copied(stream)
    assert other.is_one_call
    assert torch.equal(other.push(9, state)[0], stream.push(9, state)[0])


@pytest.mark.parametrize("part", ["chosen", "last", "logits"])
def test_weights_that_are_no_numbers_do_not_pass_as_notes(part: str) -> None:
    model = make()
    with torch.no_grad():
        getattr(model.head, part).weight[0] = torch.nan
    with pytest.raises(RunError, match="Weights of the network's head are"):
        GenerationStream.of_symbols(model, Sampling()).push(4, started("joint", 0.8)[1])


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("head", HEADS)
def test_what_is_not_a_number_and_states_of_other_rows_are_refused(head: str, temperature: float) -> None:
    stream, state = started(head, temperature)
    with pytest.raises(ShapeError, match=r"`recurrent` must be \(3, "):
        stream.push(3, state._replace(recurrent=state.recurrent[:2]))
    with pytest.raises(RunError, match="not numbers"):
        stream.push(3, state._replace(params=torch.full_like(state.params, torch.nan)))
    with torch.no_grad():
        stream.model.head.linear.bias.fill_(torch.nan)
    broken = GenerationStream.of_symbols(stream.model, Sampling(temperature))
    with pytest.raises(RunError, match="not numbers"):
        broken.push(3, state)
