"""The custom operators under `ops.lstm` and `ops.gru`: dispatch, threads, memory and the rules of torch."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from op_layers import Layer, Sizes
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils._python_dispatch import TorchDispatchMode

from echoic import ops
from echoic.cells import CELLS
from echoic.errors import KernelError
from echoic.ops import compiled
from echoic.ops.choice import native

pytestmark = pytest.mark.skipif(native is None, reason="installed without the compiled kernels")

OTHER_SUMS = 1e-5
"""Maximum relative change of a sum in another order, for any number of threads."""

COMPILED = [name for name in ops.AVAILABLE if name != "off"]
BUSY = (6, 30, 9, 33)
"""Enough work for several threads."""

STATM = Path("/proc/self/statm")
PAGE = 4096


@pytest.fixture(params=COMPILED)
def target(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every compiled kernel of this machine, forced."""
    name: str = request.param
    monkeypatch.setenv("ECHOIC_KERNEL", name)
    return name


class Calls(list[tuple[str, str, bool, int]]):
    """Records the calls of the compiled module: function, target, whether in double, and number of threads."""

    def record(self, name: str, run: Callable[..., None]) -> Callable[..., None]:
        def recorded(
            target: str,
            cell: str,
            is_double: bool,
            dimensions: Sequence[int],
            lengths: int,
            addresses: Sequence[int],
            threads: int,
        ) -> None:
            self.append((name, target, is_double, threads))
            return run(target, cell, is_double, dimensions, lengths, addresses, threads)

        return recorded


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    for name in ("forward", "backward"):
        monkeypatch.setattr(native, name, made.record(name, getattr(native, name)))
    return made


def run_both_ways(layer: Layer, sizes: Sizes, dtype: torch.dtype = torch.float32) -> list[torch.Tensor]:
    values = layer.arguments(sizes, dtype)
    outputs = layer.run(*values)
    return [output.detach() for output in outputs] + layer.gradients(outputs, values, sizes)


def assert_same_but_for_rounding(results: list[torch.Tensor], wanted: list[torch.Tensor]) -> None:
    for one, other in zip(results, wanted, strict=True):
        largest = max(1.0, float(other.abs().max()))
        torch.testing.assert_close(one, other, atol=OTHER_SUMS * largest, rtol=0)


# ------------------------------------------------------------ which one runs


def test_the_forced_kernel_is_the_one_that_runs(target: str, layer: Layer, calls: Calls) -> None:
    run_both_ways(layer, (3, 4, 2, 5))
    assert calls == [("forward", target, False, 1), ("backward", target, False, 1)]


def test_off_runs_nothing_that_is_compiled(monkeypatch: pytest.MonkeyPatch, layer: Layer, calls: Calls) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "off")
    run_both_ways(layer, (3, 4, 2, 5))
    assert calls == []


def test_only_plain_cpp_computes_in_double(target: str, layer: Layer, calls: Calls) -> None:
    run_both_ways(layer, (3, 4, 2, 5), torch.float64)
    assert calls == ([("forward", target, True, 1), ("backward", target, True, 1)] if target == "scalar" else [])


def test_a_large_call_gets_all_threads_and_a_small_one_a_single_one(
    target: str, layer: Layer, calls: Calls, set_threads: Callable[[int], None]
) -> None:
    set_threads(2)
    run_both_ways(layer, BUSY)
    assert calls == [("forward", target, False, 2), ("backward", target, False, 2)]
    calls.clear()
    run_both_ways(layer, (1, 1, 9, 33))
    assert calls == [("forward", target, False, 1), ("backward", target, False, 1)]


# ------------------------------------------------------------ torch's rules for operators


def operator_arguments(
    cell: str, dtype: torch.dtype, *, lengths: bool, grad: bool, layers: int = 1
) -> list[torch.Tensor | None]:
    """The tensors of a layer's operator, in the order of `compiled.LayerInputs`."""
    batch, steps, inputs, hidden = 3, 4, 2, 5
    rows = hidden * CELLS[cell].num_gates
    state = (batch, hidden) if layers == 1 else (layers, batch, hidden)
    made = [(batch, steps, inputs), *[state] * 2, (rows, inputs), (rows, hidden), (rows,), (hidden,)]
    made += [(rows, hidden), (rows, hidden), (rows,), (hidden,)] * (layers - 1)
    draw = torch.Generator().manual_seed(0)
    given = [torch.randn(shape, generator=draw, dtype=dtype).requires_grad_(grad) for shape in made]
    flat = [*given[:7], torch.tensor([4, 0, 2]) if lengths else None, *given[7:]]
    for missing in [6, *range(11, len(flat), 4)] if cell == "lstm" else [2]:
        flat[missing] = None
    return flat


EVERY_RULE = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
# With unequal lengths the end of `saved` stays unwritten, and the last rule would compare what was in memory before.
ALL_BUT_EQUAL_BITS = EVERY_RULE[:3]

SCHEMES = {
    "units": (False, False, 1),
    "lanes": (True, False, 1),
    "two layers in lanes": (True, False, 2),
    "rounded": (False, True, 1),
}
"""Whether vectors hold rows, whether operands are rounded, and the number of layers."""
PRECISIONS = {"float32": (ops.AVAILABLE[0], torch.float32), "float64": ("scalar", torch.float64)}


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.parametrize("lengths", [False, True], ids=["equal", "unequal, reverse"])
@pytest.mark.parametrize(("name", "dtype"), PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_operator_keeps_torchs_rules(
    cell: str, scheme: tuple[bool, bool, int], name: str, dtype: torch.dtype, lengths: bool
) -> None:
    *how, layers = scheme
    rules = ALL_BUT_EQUAL_BITS if lengths else EVERY_RULE
    for grad in (True, False):
        tensors = operator_arguments(cell, dtype, lengths=lengths, grad=grad, layers=layers)
        torch.library.opcheck(
            compiled._layer, (tensors, cell, lengths, name, 2, *how, grad), test_utils=rules if grad else EVERY_RULE
        )


@pytest.mark.parametrize(("cell", "numbers"), [("lstm", 5), ("gru", 4)])
@pytest.mark.parametrize("hidden", [1, 16, 17, 32])
def test_forward_saves_a_few_numbers_per_unit_in_whole_vectors(
    cell: str, numbers: int, hidden: int, target: str
) -> None:
    rows = hidden * CELLS[cell].num_gates
    shapes = [(3, 4, 2), *[(3, hidden)] * 2, (rows, 2), (rows, hidden), (rows,), (hidden,)]
    tensors: list[torch.Tensor | None] = [*(torch.zeros(shape) for shape in shapes), None]
    tensors[6 if cell == "lstm" else 2] = None
    width = native.width(target)
    padded = -(-hidden // width) * width
    for save in (True, False):
        *_, saved = compiled._layer(tensors, cell, False, target, 1, False, False, save)
        assert saved.numel() == (3 * 4 * padded * numbers if save else 0)


def test_in_lanes_forward_saves_inputs_gates_and_some_states_of_each_row_in_whole_vectors(target: str) -> None:
    tensors = operator_arguments("lstm", torch.float32, lengths=False, grad=False)
    width = native.width(target)
    for blocks, lanes in ((1, -(-3 // width) * width), (2, width + -(-2 // width) * width)):
        *_, saved = compiled._layer(tensors, "lstm", False, target, blocks, True, False, True)
        assert saved.numel() == lanes * (4 * (2 + 4 * 5) + 2 * 5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
@pytest.mark.parametrize("needs_dx", [True, False], ids=["with dx", "without dx"])
@pytest.mark.parametrize(("name", "dtype"), PRECISIONS.values(), ids=PRECISIONS)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_operator_for_gradients_keeps_torchs_rules(
    cell: str, name: str, dtype: torch.dtype, needs_dx: bool, scheme: tuple[bool, bool, int]
) -> None:
    *how, layers = scheme
    settings = cell, True, name, 2, *how
    tensors = operator_arguments(cell, dtype, lengths=True, grad=False, layers=layers)
    y, h_end, c_end, saved = compiled._layer(tensors, *settings, True)
    incoming = [torch.randn_like(y), torch.randn_like(h_end), torch.randn_like(c_end) if cell == "lstm" else None]
    torch.library.opcheck(compiled._layer_backward, (incoming, tensors, y, saved, *settings, needs_dx))


class Seen(TorchDispatchMode):
    """Records the operators that are called."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operators: list[Any] = []

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.operators.append(func)
        return func(*args, **(kwargs or {}))


@pytest.mark.usefixtures("target")
def test_who_looks_at_operators_sees_the_layers_both_ways(layer: Layer) -> None:
    alone = run_both_ways(layer, BUSY)
    with Seen() as seen:
        watched = run_both_ways(layer, BUSY)
    assert {compiled._layer, compiled._layer_backward} <= set(seen.operators)
    assert all(torch.equal(one, other) for one, other in zip(watched, alone, strict=True))


@pytest.mark.usefixtures("target")
def test_a_trace_before_dispatch_sees_the_layer(layer: Layer) -> None:
    x, *others = [one.detach() for one in layer.arguments((2, 3, 2, 4), torch.float32)]
    traced = make_fx(lambda x: layer.run(x, *others)[0], pre_dispatch=True)(x)
    torch.testing.assert_close(traced(x + 1), layer.run(x + 1, *others)[0])


@pytest.mark.usefixtures("target")
def test_torch_func_may_transform_what_is_around_a_layer(layer: Layer) -> None:
    values = layer.arguments((2, 3, 2, 4), torch.float32)
    total = layer.run(*values)[0].sum()
    scaled = torch.func.vmap(lambda scale: scale * layer.run(*values)[0].sum())(torch.tensor([1.0, 2.0]))
    torch.testing.assert_close(scaled, torch.stack([total, 2 * total]))


@pytest.mark.usefixtures("target")
def test_second_derivatives_are_refused(layer: Layer) -> None:
    values = layer.arguments((2, 3, 2, 4), torch.float32)
    (slope,) = torch.autograd.grad(layer.run(*values)[0].sum(), values[0], create_graph=True)
    with pytest.raises(KernelError, match="no second derivatives; set `ECHOIC_KERNEL=off`"):
        torch.autograd.grad(slope.square().sum(), values[0])


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
def test_gradients_in_double_equal_finite_differences(
    monkeypatch: pytest.MonkeyPatch, layer: Layer, reverse: bool
) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "scalar")
    lengths = torch.tensor([3, 0, 2])
    values = layer.arguments((3, 3, 2, 3), torch.float64)
    assert torch.autograd.gradcheck(lambda *given: layer.run(*given, lengths=lengths, reverse=reverse), values)


@pytest.mark.usefixtures("target")
def test_an_output_changed_before_backward_raises(layer: Layer) -> None:
    values = layer.arguments((2, 3, 2, 4), torch.float32)
    y, *_ = layer.run(*values)
    with torch.no_grad():
        y.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


# ------------------------------------------------------------ threads


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_same_number_of_threads_gives_the_same_bits(
    layer: Layer, set_threads: Callable[[int], None], count: int, calls: Calls
) -> None:
    set_threads(count)
    once = run_both_ways(layer, BUSY)
    for _ in range(3):
        for one, other in zip(run_both_ways(layer, BUSY), once, strict=True):
            assert torch.equal(one, other)
    assert {threads for *_, threads in calls} == {count}


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize("count", [2, 3])
def test_another_number_of_threads_gives_the_same_numbers(
    layer: Layer, set_threads: Callable[[int], None], count: int
) -> None:
    set_threads(1)
    alone = run_both_ways(layer, BUSY)
    set_threads(count)
    assert_same_but_for_rounding(run_both_ways(layer, BUSY), alone)


@pytest.mark.usefixtures("target")
def test_several_python_threads_at_once_get_their_own_results(layer: Layer, set_threads: Callable[[int], None]) -> None:
    set_threads(2)
    every = [(3, 9, 2, 5), (7, 4, 1, 33), BUSY, (1, 20, 9, 16)]
    alone = [run_both_ways(layer, sizes) for sizes in every]
    start = threading.Barrier(len(every))

    def repeat(sizes: Sizes) -> list[list[torch.Tensor]]:
        start.wait()
        return [run_both_ways(layer, sizes) for _ in range(10)]

    with ThreadPoolExecutor(len(every)) as pool:
        for results, wanted in zip(pool.map(repeat, every), alone, strict=True):
            for result in results:
                assert_same_but_for_rounding(result, wanted)


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_other_python_threads_run_during_a_call(monkeypatch: pytest.MonkeyPatch, layer: Layer, way: str) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "scalar")  # the slowest
    values = layer.arguments((16, 600, 64, 96), torch.float32)
    inside = threading.Event()
    ticks: list[int] = []
    run = getattr(native, way)

    def marked(*call: Any) -> None:
        inside.set()
        run(*call)
        inside.clear()

    def tick() -> None:
        inside.wait()
        while inside.is_set():
            ticks[-1] += 1
            time.sleep(0.001)

    monkeypatch.setattr(native, way, marked)
    # A call that kept the lock would leave room for one tick, at its beginning. A busy machine may leave no more in a
    # few calls; never in all.
    for _ in range(10):
        ticks.append(0)
        other = threading.Thread(target=tick)
        other.start()
        layer.run(*values)[0].sum().backward()
        other.join()
        if ticks[-1] >= 5:
            break
    assert max(ticks) >= 5, ticks


# ------------------------------------------------------------ memory


def resident_bytes() -> int:
    return int(STATM.read_text("ascii").split()[1]) * PAGE


@pytest.mark.skipif(not STATM.exists(), reason="no /proc to read the size of the process from")
def test_ten_thousand_calls_leave_no_memory_behind(layer: Layer) -> None:
    values = layer.arguments((3, 4, 2, 5), torch.float32)
    weights = [value.detach() for value in values]

    def call(times: int) -> None:
        for _ in range(times):
            layer.run(*weights)
        for _ in range(times // 4):
            layer.run(*values)[0].sum().backward()

    call(400)
    before = resident_bytes()
    call(8_000)
    # One leaked output per call would be 2 MB, one Python object half of that.
    assert resident_bytes() - before < 1_000_000
