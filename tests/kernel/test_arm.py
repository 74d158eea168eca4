"""The kernels of 64-bit ARM, built by a cross compiler and run on an emulated CPU, where both are installed."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER, EMULATOR, LIBRARIES = "aarch64-linux-gnu-g++", "qemu-aarch64", "/usr/aarch64-linux-gnu"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(shutil.which, (COMPILER, EMULATOR, "cmake"))), reason="no tools for ARM"),
]


def test_the_quick_claims_of_kernel_test_hold_on_arm(output_of: Callable[..., str]) -> None:
    folder = ROOT / "build" / "kernel_test_arm"
    system = ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", f"-DCMAKE_CXX_COMPILER={COMPILER}"]
    output_of("cmake", "-S", ROOT, "-B", folder, "-DECHOIC_TESTS=ON", *system)
    output_of("cmake", "--build", folder)
    lines = output_of(EMULATOR, "-L", LIBRARIES, folder / "kernel_test", "quick").splitlines()
    assert lines[0] == "targets: neon scalar"
    passed = re.fullmatch(r"(\d+) passed, 0 failed", lines[-1])
    assert passed, lines[-1]
    assert int(passed[1]) > 1000
