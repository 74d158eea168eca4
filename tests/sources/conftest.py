from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from echoic.config.table import TableSettings
from echoic.sources import Dataset, read

ReadText = Callable[..., Dataset]


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    """Writes a text or bytes as a file and reads it with the settings given as keywords."""

    def write_and_read(content: str | bytes, file_name: str = "table.csv", **settings: Any) -> Dataset:
        path = tmp_path / file_name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(path, TableSettings(**settings))

    return write_and_read
