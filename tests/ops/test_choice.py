import subprocess
import sys

import pytest
import torch

from echoic import ops
from echoic.errors import KernelError

NOT_BUILT = """
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name == "echoic._kernel":
            raise ModuleNotFoundError("No module named 'echoic._kernel'", name=name)

sys.meta_path.insert(0, Nowhere())
"""
BLOCKED = "sys.modules['echoic._kernel'] = None"

WITHOUT_COMPILED_MODULE = """
import os, torch
from echoic import ops
from echoic.errors import KernelError

print(ops.AVAILABLE, ops.kernel())
arguments = [torch.zeros(shape) for shape in [(2, 3, 2), (2, 5), (15, 2), (15, 5), (15,)]]
print(tuple(ops.gru(*arguments)[0].shape))
os.environ["ECHOIC_KERNEL"] = "scalar"
try:
    ops.gru(*arguments)
except KernelError as error:
    print(error)
"""

PERMISSIONS = """
import ctypes

ARCH_PRCTL, GET_PERMISSIONS, TILES = 158, 0x1022, 18


def has_tiles():
    mask = ctypes.c_uint64()
    assert ctypes.CDLL(None).syscall(ARCH_PRCTL, GET_PERMISSIONS, ctypes.byref(mask)) == 0
    return bool(mask.value >> TILES & 1)


import torch
found = [has_tiles()]
from echoic import nn
found.append(has_tiles())
x = torch.ones(20, 3, 70)
nn.LSTM(70, 70, batch_first=True)(x)
found.append(has_tiles())
nn.LSTM(70, 70, batch_first=True, precision="bf16")(x)
found.append(has_tiles())
print(*found)
"""


def lstm_arguments(batch: int = 2, steps: int = 3, inputs: int = 2, hidden: int = 5) -> list[torch.Tensor]:
    rows = 4 * hidden
    shapes = [(batch, steps, inputs), (batch, hidden), (batch, hidden), (rows, inputs), (rows, hidden), (rows,)]
    return [torch.ones(shape) for shape in shapes]


def gru_arguments() -> list[torch.Tensor]:
    return [torch.ones(shape) for shape in [(2, 3, 2), (2, 5), (15, 2), (15, 5), (15,)]]


@pytest.mark.parametrize("wanted", ops.AVAILABLE)
def test_an_available_kernel_can_be_forced(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", wanted)
    assert ops.kernel() == wanted


def test_the_best_but_never_plain_cpp_is_chosen_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    best = next(name for name in ops.AVAILABLE if name != "scalar")
    monkeypatch.setenv("ECHOIC_KERNEL", "auto")
    assert ops.kernel() == best
    monkeypatch.delenv("ECHOIC_KERNEL")
    assert ops.kernel() == best


def test_an_unavailable_kernel_is_refused_and_never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "quantum")
    with pytest.raises(KernelError, match=r"`ECHOIC_KERNEL` must be one of auto, .*off.*, got 'quantum'"):
        ops.lstm(*lstm_arguments())
    with pytest.raises(KernelError, match="got 'quantum'"):
        ops.gru(*gru_arguments())


@pytest.mark.skipif("amx" in ops.AVAILABLE, reason="a CPU with tiles")
def test_tiles_are_refused_where_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECHOIC_KERNEL", "amx")
    with pytest.raises(KernelError, match=f"must be one of auto, {', '.join(ops.AVAILABLE)}, got 'amx'"):
        ops.kernel()


@pytest.mark.slow
@pytest.mark.skipif("amx" not in ops.AVAILABLE, reason="a CPU without tiles")
def test_a_process_asks_for_tiles_at_its_first_rounded_pass() -> None:
    """And not when it imports the library, or for float32. Elsewhere kernel_test counts the requests."""
    done = subprocess.run([sys.executable, "-c", PERMISSIONS], capture_output=True, text=True, check=True)
    if done.stdout.startswith("True"):
        pytest.skip("torch has asked")
    assert done.stdout.startswith("False False False")
    if not done.stdout.endswith("True\n"):
        pytest.skip("the system refuses tiles")


@pytest.mark.slow
@pytest.mark.parametrize("missing", [NOT_BUILT, BLOCKED], ids=["not built", "blocked"])
def test_without_the_compiled_module_torchs_own_layers_run(missing: str) -> None:
    code = f"import sys\n{missing}\n{WITHOUT_COMPILED_MODULE}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [
        "('off',) off",
        "(2, 3, 5)",
        "`ECHOIC_KERNEL` must be one of auto, off, got 'scalar'.",
    ], done.stderr
