"""The kernels built once a session, as C++ sees them: without Python."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Threads that wait sleep, or they would take the cores of those that work.
PATIENT = os.environ | {"OMP_WAIT_POLICY": "passive"}

OutputOf = Callable[..., str]


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=PATIENT)
    assert done.returncode == 0, f"{command} says:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture
def output_of() -> OutputOf:
    """What a command prints; an error when it fails."""
    return run


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder into which CMake has built `kernel_test`: of the shape of other builds, from which ccache knows it."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("no cmake")
    if not any(map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))):
        pytest.skip("no C++ compiler")
    folder = ROOT / "build" / "kernel_test"
    run(cmake, "-S", ROOT, "-B", folder, "-DECHOIC_TESTS=ON")
    run(cmake, "--build", folder, "--parallel", str(os.cpu_count() or 1))
    return folder


@pytest.fixture(scope="session")
def objects(built: Path) -> dict[str, Path]:
    """The kernels' object files, by the names of their sources."""
    return {path.name.partition(".")[0]: path for path in built.rglob("kernels.dir/**/*.o")}
