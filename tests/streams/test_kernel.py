import copy
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.reduction import ForkingPickler
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor

import echoic
from echoic import ops
from echoic.api.run import Run
from echoic.cells import CELLS, LSTM, Cell, Stack
from echoic.config import HeadSettings, StackSettings
from echoic.encoders import Encoder, Identity, Segments
from echoic.errors import ConfigError, KernelError
from echoic.heads import HEADS, Gaussian, ValueHead
from echoic.model import SequenceModel
from echoic.readouts import Last, PerStep, Readout
from echoic.readouts.base import ReadoutInputs
from echoic.streams import GenerationStream, KernelStream, NetworkStream, kernel
from echoic.streams.kernel import SAMPLED_HEADS, Storage, can_run
from echoic.types.series import Floats

STEP = 1e-6  # float32, one step
LOOP = 1e-5  # float32, rounding that feeds on itself for thirty steps
AMONG_OTHERS = 2e-3  # another order of sums moves hidden vectors near a tie of bfloat16 to its other side
# The largest error that smaller weights may make in a prediction of a trained network, in deviations of the signal.
TRAINED: dict[Storage, float] = {"float16": 1e-3, "bfloat16": 8e-3, "int8": 2e-2}

TARGETS = [name for name in ops.AVAILABLE if name != "off"]


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", request.param)


def make(
    cell: str = "lstm", layers: tuple[int, ...] = (13, 20), features: int = 2, head: str = "point"
) -> SequenceModel:
    torch.manual_seed(0)
    stack = Stack(CELLS, features, StackSettings(cell=cell, layers=layers, learn_initial_state=True))
    assert stack.learned_state is not None
    torch.nn.init.normal_(stack.learned_state)
    top = HEADS[head].build(layers[-1], features, 1, HeadSettings(head=head))
    return SequenceModel(Identity(features), stack, PerStep(layers[-1]), top)


class Other(Cell):
    """A cell that no kernel supports."""

    num_gates = num_states = 1

    def __init__(self, input_size: int, hidden_size: int, _forget_bias: float = 1.0) -> None:
        super().__init__(input_size, hidden_size)

    def forward(
        self, x: Tensor, state: tuple[Tensor, ...], _w_rec: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        return x, state

    def parallel_step(self, projected: Tensor, _state: tuple[Tensor, ...]) -> Tensor:
        return projected


def noise(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def sent_to_a_process(live: KernelStream) -> Any:
    return ForkingPickler.loads(bytes(ForkingPickler.dumps(live)))


@torch.no_grad()
def by_model(model: SequenceModel, x: Floats, states: Floats) -> tuple[Floats, Floats]:
    params, state = model.step(torch.from_numpy(x), model.unpack(torch.from_numpy(states)))
    return params.flatten(1).numpy(), model.pack(state).numpy()


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("layers", [(1,), (16, 16), (13, 20), (40, 33, 7)])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_step_of_some_streams_equals_the_model_and_leaves_the_others(
    cell: str, layers: tuple[int, ...], threads: int
) -> None:
    model = make(cell, layers)
    states, rows, x = noise(11, model.state_size), np.array([7, 0, 10, 3, 8, 1, 2]), noise(7, 2)
    before = states.copy()
    outputs = KernelStream(model, threads=threads).step_(x, states, rows)
    wanted, after = by_model(model, x, before[rows])
    np.testing.assert_allclose(outputs, wanted, atol=STEP)
    np.testing.assert_allclose(states[rows], after, atol=STEP)
    others = np.setdiff1d(np.arange(11), rows)
    assert np.array_equal(states[others], before[others])


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("storage", get_args(Storage))
@pytest.mark.parametrize("rows", [9, 130])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_row_does_not_depend_on_the_number_of_rows(cell: str, rows: int, storage: Storage) -> None:
    live = KernelStream(make(cell, layers=(40, 33)), storage=storage)
    states, x = noise(rows, live.state_size), noise(rows, 2)
    alone = states[4:5].copy()
    one = live.step_(x[4:5], alone)
    together = live.step_(x, states)
    # Tiles of AMX add in another order than the vectors that multiply a single row.
    tolerance = AMONG_OTHERS if storage == "bfloat16" and ops.kernel() == "amx" else 0.0
    np.testing.assert_allclose(one[0], together[4], rtol=0, atol=tolerance)
    np.testing.assert_allclose(alone[0], states[4], rtol=0, atol=tolerance)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_step_by_step_equals_the_whole_sequence(cell: str) -> None:
    model = make(cell)
    x = noise(3, 25, 2)
    live = KernelStream(model)
    states = live.start(3)
    stepped = np.stack([live.step_(np.ascontiguousarray(x[:, t]), states) for t in range(25)], 1)
    with torch.no_grad():
        whole, end = model(torch.from_numpy(x))
    np.testing.assert_allclose(stepped, whole.flatten(2).numpy(), atol=LOOP)
    np.testing.assert_allclose(states, model.pack(end).numpy(), atol=LOOP)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("layers", [(13, 20), (200, 130)])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_bound_step_equals_a_step_and_reads_its_arrays_each_time(cell: str, layers: tuple[int, ...]) -> None:
    live = KernelStream(make(cell, layers))
    inputs, states = noise(4, 3, 2), noise(5, live.state_size)
    wanted_states, x, out = states.copy(), np.empty((3, 2), np.float32), np.empty((3, live.outputs), np.float32)
    step_once = live.bind(x, states, out)
    del live  # the bound step keeps what it needs
    wanted = KernelStream(make(cell, layers))
    for one in inputs:
        x[:] = one
        step_once()
        assert np.array_equal(out, wanted.step_(one, wanted_states))
        assert np.array_equal(states, wanted_states)


@pytest.mark.parametrize("layers", [(13, 20), (200, 130)])
def test_a_bound_step_takes_its_inputs_as_numbers_in_place_of_those_of_its_array(layers: tuple[int, ...]) -> None:
    live = KernelStream(make(layers=layers))
    inputs, states, wanted_states = noise(5, 2, 2), live.start(2), live.start(2)
    x, out = np.full((2, 2), 9, np.float32), np.empty((2, live.outputs), np.float32)
    step_once = live.bind(x, states, out)
    for one in inputs:
        step_once(*one.ravel())
        assert np.array_equal(out, live.step_(one, wanted_states))
    assert (x == 9).all()
    step_once()
    assert np.array_equal(out, live.step_(x, wanted_states))
    for wrong in ((1.0,), (1.0,) * 5):
        with pytest.raises(ValueError, match="no numbers, or as many as x has"):
            step_once(*wrong)
    with pytest.raises(TypeError, match="must be real number, not str"):
        step_once(1.0, 2.0, 3.0, "4")  # type: ignore[arg-type]
    assert np.array_equal(states, wanted_states)


def test_a_bound_step_keeps_arrays_that_nobody_else_has() -> None:
    live = KernelStream(make())
    states, out = live.start(1), np.empty((1, live.outputs), np.float32)
    step_once = live.bind(np.ones((1, 2), np.float32), states, out)
    spoilers = [np.full((1, 2), 9, np.float32) for _ in range(100)]
    step_once()
    assert np.array_equal(out, live.step_(np.ones((1, 2), np.float32), live.start(1)))
    assert len(spoilers) == 100


@pytest.mark.parametrize("storage", get_args(Storage))
@pytest.mark.parametrize("copied", [copy.deepcopy, sent_to_a_process])
def test_a_copied_stream_computes_the_same(copied: Any, storage: Storage) -> None:
    live = KernelStream(make(), storage=storage)
    other = copied(live)
    states, x = noise(3, live.state_size), noise(3, 2)
    after = states.copy()
    assert np.array_equal(other.step_(x, after), live.step_(x, states))
    assert np.array_equal(after, states)
    assert np.array_equal(other.start(2), live.start(2))


def test_a_copy_keeps_the_weights_when_the_model_is_trained_on() -> None:
    model = make()
    live = KernelStream(model)
    wanted = live.step_(noise(1, 2), live.start(1))
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    assert np.array_equal(copy.deepcopy(live).step_(noise(1, 2), live.start(1)), wanted)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("temperature", [0.0, 0.7])
@pytest.mark.parametrize("head", ["point", "gaussian"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_generation_in_one_call_equals_a_generation_stream(cell: str, head: str, temperature: float) -> None:
    model = make(cell, head=head)
    top = model.head
    assert isinstance(top, ValueHead)
    known = torch.from_numpy(noise(4, 6, 2))

    def sample(params: Tensor, generator: torch.Generator) -> Tensor:
        mean = top.mean(params)
        return mean + temperature * (top.sample(params, generator) - mean) if temperature else mean

    stream = GenerationStream(model, sample)
    wanted, end = stream.push(30, stream.start(known, seed=3))
    params, state = NetworkStream(model).prime(known)
    outputs, states = KernelStream.flat(params), state.numpy()
    live, again = KernelStream(model), torch.Generator().manual_seed(3)
    got = [live.generate_(outputs, states, steps, temperature=temperature, generator=again) for steps in (1, 20, 9)]
    np.testing.assert_allclose(np.concatenate(got), wanted.transpose(0, 1).numpy(), atol=LOOP)
    # Both consume the same random numbers, so either can continue the other.
    assert torch.equal(again.get_state(), end.generator)


@pytest.mark.usefixtures("target")
def test_signals_wait_for_less_work_than_the_limit_and_the_calls_do_not_change_the_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make(head="gaussian")
    start = noise(3, 4)

    def values() -> np.ndarray:
        live, generator = KernelStream(model), torch.Generator().manual_seed(3)
        states = live.start(3)
        return live.generate_(start.copy(), states, 40, temperature=1.0, generator=generator)

    whole = values()
    calls, stacked = list[int](), kernel.noise_of

    def counted(steps: int, *rest: Any) -> Any:
        calls.append(steps)
        return stacked(steps, *rest)

    monkeypatch.setattr(kernel, "CALL_WORK", 3 * 7 * sum(weight.numel() for weight in model.parameters()))
    monkeypatch.setattr(kernel, "noise_of", counted)
    assert np.array_equal(values(), whole)
    assert calls == [7] * 5 + [5]


@pytest.mark.usefixtures("target")
def test_drawing_a_class_follows_the_probabilities_and_feeds_its_row_of_the_table() -> None:
    classes, width = 5, 3
    torch.manual_seed(0)
    weights = [torch.randn(shape) for shape in [(32, width), (32, 8), (32,)]]
    out_weight, out_bias = torch.randn(classes, 8), torch.randn(classes)
    network = ops.live_network(
        [ops.LayerWeights("lstm", *weights)], (out_weight, out_bias), storage="float32", threads=1
    )
    table = noise(classes, width)
    uniform = np.random.default_rng(0).random((200, 1, 1), np.float32)
    states, outputs = np.zeros((1, 16), np.float32), noise(1, classes)
    values = np.empty((200, 1, 1), np.float32)
    start = outputs.copy()
    network.loop(states, outputs, None, values, "categorical", 0.8, 0.0, uniform, table)
    h = c = torch.zeros(1, 8, dtype=torch.float64)
    scores = torch.from_numpy(start).double()
    for step, got in enumerate(values.ravel()):
        passed = torch.softmax(scores / 0.8, 1).cumsum(1)[0]
        assert int(got) == int(torch.searchsorted(passed, float(uniform[step, 0, 0]), right=True))
        x = torch.from_numpy(table[int(got)]).double()[None, None]
        y, h, c = ops.lstm_reference(x, h, c, *(one.double() for one in weights))
        scores = y[:, 0] @ out_weight.double().T + out_bias.double()
    np.testing.assert_allclose(outputs, scores.numpy(), atol=LOOP)
    network.loop(states, outputs, None, values, "categorical", 0.0, 0.0, None, table)
    assert len(np.unique(values)) <= classes


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Floats, Run]:
    wave = np.sin(np.arange(800, dtype=np.float32) / 8)
    out = tmp_path_factory.mktemp("live") / "run"
    return wave, echoic.train("forecast", wave, strategy="recursive", lookback=50, layers=[32, 32], epochs=15, out=out)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("storage", TRAINED)
def test_smaller_weights_of_a_trained_network_predict_within_the_stated_error(
    trained: tuple[Floats, Run], storage: Storage
) -> None:
    wave, run = trained
    exact, small = KernelStream(run.model), KernelStream(run.model, storage=storage)
    of_exact, of_small = exact.start(1), small.start(1)
    scaled = (wave - wave.mean()) / wave.std()
    worst = 0.0
    for value in scaled:
        x = np.full((1, 1), value)
        worst = max(worst, float(np.abs(exact.step_(x, of_exact) - small.step_(x, of_small)).max()))
    assert 0 < worst < TRAINED[storage]


def test_several_threads_may_step_their_own_streams_at_once() -> None:
    live = KernelStream(make(layers=(64, 64)))
    x = noise(8, 400, 2)

    def run(row: int) -> list[Floats]:
        states = live.start(1)
        return [live.step_(x[row : row + 1, t].copy(), states)[0] for t in range(400)]

    alone = [run(row) for row in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(8)))
    assert np.array_equal(alone, together)


def test_a_kernel_stream_has_its_own_copy_of_the_weights() -> None:
    model = make()
    live, states, x = KernelStream(model), noise(1, model.state_size), noise(1, 2)
    before = live.step_(x, states.copy())
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert np.array_equal(live.step_(x, states.copy()), before)


def test_bad_shapes_and_settings_are_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make()
    live = KernelStream(model)
    states = live.start(3)
    with pytest.raises(ValueError, match="a column for each input"):
        live.step_(noise(1, 3), states)
    with pytest.raises(ValueError, match=r"states must be \(streams, state_size\)"):
        live.step_(noise(1, 2), states[:, 1:].copy())
    with pytest.raises(ValueError, match=r"`rows` must be from 0 to 2, .* got 3"):
        live.step_(noise(1, 2), states, np.array([3]))
    with pytest.raises(ValueError, match="a state for each row"):
        live.step_(noise(4, 2), states)
    with pytest.raises(TypeError, match="`rows` must be an int64 array, got float64"):
        live.step_(noise(1, 2), states, np.array([0.0]))
    with pytest.raises(TypeError, match="`x` must be a float32 array, got float64; convert it"):
        live.step_(noise(1, 2).astype(np.float64), states)
    with pytest.raises(TypeError, match="`out` must be a float32 array, got float64"):
        live.bind(noise(3, 2), states, np.empty((3, live.outputs)))  # type: ignore[arg-type]
    frozen = states.copy()
    frozen.flags.writeable = False
    with pytest.raises(TypeError, match="`states` must be writeable; copy it"):
        live.bind(noise(3, 2), frozen, np.empty((3, live.outputs), np.float32))
    with pytest.raises(TypeError, match="`x` must be a C-contiguous matrix"):
        live.bind(noise(2, 3).T, states, np.empty((3, live.outputs), np.float32))
    with pytest.raises(ValueError, match=r"`chunk` must be \(streams, steps, inputs\), got \(3, 2\)"):
        live.push(noise(3, 2), states)
    with pytest.raises(ValueError, match=r"out must be \(rows, outputs\)"):
        live.bind(noise(3, 2), states, np.empty((2, live.outputs), np.float32))
    with pytest.raises(ValueError, match="a column for each input"):
        live.bind(noise(3, 1), states, np.empty((3, live.outputs), np.float32))
    with pytest.raises(TypeError, match="`chunk` must be a float32 array, got float64"):
        live.push(noise(3, 1, 2).astype(np.float64), states)
    with pytest.raises(TypeError, match="`states` must be a float32 array, got float64"):
        live.generate_(noise(3, 2), states.astype(np.float64), 2)
    with pytest.raises(ConfigError, match="`storage` must be one of float32, float16, bfloat16, int8, got 'int4'"):
        KernelStream(model, storage="int4")  # type: ignore[arg-type]  # no such storage
    with pytest.raises(ConfigError, match="`threads` must be 1 or more, got 0"):
        KernelStream(model, threads=0)
    with pytest.raises(ConfigError, match="Sampling requires a `generator`"):
        KernelStream(make(head="gaussian")).generate_(noise(3, 4), states, 2, temperature=1.0)
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    with pytest.raises(KernelError, match=r"require a compiled kernel, .*; set `ECHOIC_KERNEL` to .*scalar"):
        KernelStream(model)
    assert not can_run(model)


class Negated(Identity):  # type: ignore[misc]
    """An encoder of one's own."""

    def forward(self, x: Tensor) -> Tensor:
        return -x


class Doubled(PerStep):  # type: ignore[misc]
    """A readout of one's own."""

    def forward(self, inputs: ReadoutInputs) -> Tensor:
        return 2 * inputs.hidden


class Raised(Gaussian):  # type: ignore[misc]
    """A head of one's own."""

    def forward(self, hidden: Tensor) -> Tensor:
        return 1 + super().forward(hidden)


class Halved(LSTM):  # type: ignore[misc]
    """A cell of one's own."""

    def forward(
        self, x: Tensor, state: tuple[Tensor, ...], w_rec: Tensor | None = None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        return super().forward(x / 2, state, w_rec)


def test_subclasses_are_refused_as_their_methods_would_not_be_called() -> None:
    plain = make(head="gaussian")
    stack = Stack({"lstm": Halved}, 2, StackSettings(cell="lstm", layers=(13, 20)))
    assert can_run(plain)
    for model in (
        SequenceModel(Negated(2), plain.stack, plain.readout, plain.head),
        SequenceModel(plain.encoder, stack, plain.readout, plain.head),
        SequenceModel(plain.encoder, plain.stack, Doubled(20), plain.head),
        SequenceModel(plain.encoder, plain.stack, plain.readout, Raised(20, 2, 1, 2)),
    ):
        assert not can_run(model)
        with pytest.raises(ConfigError, match=r"requires .* use NetworkStream"):
            KernelStream(model)


def test_other_encoders_cells_readouts_and_heads_are_refused() -> None:
    stack = Stack(CELLS, 4, StackSettings(cell="lstm", layers=(3,)))
    other_cell = Stack({"lstm": Other}, 4, StackSettings(cell="lstm", layers=(3,)))
    head = HEADS["point"].build(3, 1, 1, HeadSettings())
    parts: list[tuple[Encoder, Stack, Readout]] = [
        (Segments(1, 2, 4), stack, PerStep(3)),
        (Identity(4), stack, Last(3)),
        (Identity(4), other_cell, PerStep(3)),
    ]
    for encoder, layers, readout in parts:
        model = SequenceModel(encoder, layers, readout, head)
        assert not can_run(model)
        with pytest.raises(ConfigError, match="use NetworkStream"):
            KernelStream(model)
    other = next(name for name, kind in HEADS.items() if kind not in SAMPLED_HEADS)
    live = KernelStream(make(head=other))
    with pytest.raises(ConfigError, match="requires one of the heads Point, Gaussian"):
        live.generate_(noise(1, live.outputs), live.start(1), 2)
