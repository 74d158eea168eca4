import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module of a user's own parts, imported from its folder."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    module = importlib.import_module("own_parts")
    yield module
    del sys.modules["own_parts"]
