"""The reference pages follow the code: every setting, verb and file is on them."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import echoic
from echoic.cli import VERBS
from echoic.jobs import JOBS, settings_class

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        extension = importlib.import_module("echoic_docs")
    finally:
        sys.path.remove(str(DOCS / "_ext"))
    generated: dict[str, str] = extension.generated_pages()
    return generated


@pytest.mark.parametrize("job", JOBS)
def test_every_setting_is_on_the_page_of_its_job(pages: dict[str, str], job: str) -> None:
    page = pages[f"reference/settings/{job}.md"]
    for name in settings_class(job).places():
        assert f"| `{name}` |" in page, name


def test_every_verb_and_job_is_on_the_page_of_the_command(pages: dict[str, str]) -> None:
    page = pages["reference/command.md"]
    for verb in VERBS:
        assert f"## echoic {verb}\n" in page
    for job in JOBS:
        assert f"settings/{job}.md" in page


def test_every_public_name_is_on_the_page_of_the_api(pages: dict[str, str]) -> None:
    for name in dir(echoic):
        assert name.startswith("_") or f":: echoic.{name}\n" in pages["reference/api/index.md"]


def test_rows_of_tables_have_the_cells_of_their_header(pages: dict[str, str]) -> None:
    for name, page in pages.items():
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            cells = {line.count("|") - line.count(r"\|") for line in table.splitlines()}
            assert len(cells) == 1, f"{name}: {table}"


def test_run_format_names_every_key(tmp_path: Path) -> None:
    page = (DOCS / "internals" / "run-format.md").read_text("utf-8")
    wave = np.sin(np.arange(400, dtype=np.float32) / 8)
    run = echoic.train("forecast", wave, out=tmp_path / "run", lookback=20, horizon=5, layers=[4], epochs=1)
    (*_, newest) = sorted((run.path / "checkpoints").iterdir())
    with safe_open(newest, "pt") as file:
        metadata = json.loads(file.metadata()["metadata"])
    config = json.loads((run.path / "config.json").read_text())
    names = [*config, *config["versions"], *json.loads((run.path / "codec.json").read_text()), *run.metrics()[0]]
    names += [*metadata, *metadata["state"], *metadata["phase"], *(path.name for path in run.path.iterdir())]
    known = set(re.findall(r"`([\w.]+)/?[\w./-]*`", page))
    assert [name for name in names if name not in known] == ["data"]
