"""The real data sets, for tests that are marked `data`; and Ctrl-C as a person at a terminal has it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import forked_processes
import jaxtyping
import pytest

# A shell that starts tests in the background has them ignore Ctrl-C, `nohup` the end of the terminal, and all that they
# start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

forked_processes.install(os.environ)

BESIDE = Path(__file__).parents[2] / "shared" / "data"


def find_data() -> Path | None:
    """The folder that ECHOIC_DATA names, or the one beside the checkout, if it is there."""
    named = os.environ.get("ECHOIC_DATA")
    if named and not Path(named).is_dir():
        raise pytest.UsageError(f"ECHOIC_DATA names {named}, which is no folder.")
    folder = Path(named) if named else BESIDE
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of the real data sets; tests that ask for it are marked `data`."""
    folder = find_data()
    assert folder is not None, "a test that needs the real data must be marked `data`"
    return folder


@pytest.fixture
def unchecked_shapes() -> Iterator[None]:
    """Lets wrong shapes through the import hook of conftest.py, to test the errors that users get."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests marked `data` where there are no data, and puts documents and files with slow tests first.

    Workers take whole files: a long one that begins last has the others wait for it.
    """
    if find_data() is None:
        for item in items:
            if item.get_closest_marker("data"):
                item.add_marker(pytest.mark.skip(reason="no data sets; set ECHOIC_DATA to their folder"))
    slow = {item.path for item in items if item.path.suffix == ".md" or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
