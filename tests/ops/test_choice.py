import subprocess
import sys

import pytest
import torch

from echoic import ops
from echoic.errors import KernelError

MISSING = {
    "not built": """
class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name == "echoic._kernel":
            raise ModuleNotFoundError("No module named 'echoic._kernel'", name=name)

sys.meta_path.insert(0, Nowhere())
""",
    "blocked": "sys.modules['echoic._kernel'] = None",
}


def without_compiled_module(how, code):
    return subprocess.run(
        [sys.executable, "-c", f"import sys\n{MISSING[how]}\nfrom echoic import ops\n{code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def lstm_arguments(batch=2, steps=3, inputs=2, hidden=5):
    rows = 4 * hidden
    shapes = [(batch, steps, inputs), (batch, hidden), (batch, hidden), (rows, inputs), (rows, hidden), (rows,)]
    return [torch.ones(shape) for shape in shapes]


def gru_arguments():
    return [torch.ones(shape) for shape in [(2, 3, 2), (2, 5), (15, 2), (15, 5), (15,)]]


@pytest.mark.parametrize("wanted", ops.AVAILABLE)
def test_an_available_kernel_can_be_forced(monkeypatch, wanted):
    monkeypatch.setenv("ECHOIC_KERNEL", wanted)
    assert ops.kernel() == wanted


def test_the_best_but_never_plain_cpp_is_chosen_by_default(monkeypatch):
    best = next(name for name in ops.AVAILABLE if name != "scalar")
    monkeypatch.setenv("ECHOIC_KERNEL", "auto")
    assert ops.kernel() == best
    monkeypatch.delenv("ECHOIC_KERNEL")
    assert ops.kernel() == best


def test_an_unavailable_kernel_is_refused_and_never_replaced(monkeypatch):
    monkeypatch.setenv("ECHOIC_KERNEL", "quantum")
    with pytest.raises(KernelError, match=r"`ECHOIC_KERNEL` must be one of auto, .*off.*, got 'quantum'"):
        ops.lstm(*lstm_arguments())
    with pytest.raises(KernelError, match="got 'quantum'"):
        ops.gru(*gru_arguments())


@pytest.mark.parametrize("how", MISSING)
def test_without_the_compiled_module_torchs_own_layers_are_all_there_is(how):
    done = without_compiled_module(how, "print(ops.AVAILABLE, ops.kernel())")
    assert done.stdout.strip() == "('off',) off", done.stderr


@pytest.mark.parametrize("how", MISSING)
def test_without_the_compiled_module_a_layer_still_runs(how):
    code = """
import torch
shapes = [(2, 3, 2), (2, 5), (15, 2), (15, 5), (15,)]
print(*ops.gru(*[torch.zeros(shape) for shape in shapes])[0].shape)
"""
    done = without_compiled_module(how, code)
    assert done.stdout.strip() == "2 3 5", done.stderr


@pytest.mark.parametrize("how", MISSING)
def test_without_the_compiled_module_its_kernels_are_refused(how):
    code = """
import os
os.environ["ECHOIC_KERNEL"] = "scalar"
ops.kernel()
"""
    done = without_compiled_module(how, code)
    assert "KernelError: `ECHOIC_KERNEL` must be one of auto, off, got 'scalar'." in done.stderr
