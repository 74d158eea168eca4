"""The reference pages follow the code: every setting, verb and file is on them."""

import importlib
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

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
    return extension.generated_pages()


@pytest.mark.parametrize("job", JOBS)
def test_every_setting_is_on_the_page_of_its_job(pages, job):
    page = pages[f"reference/settings/{job}.md"]
    for name in settings_class(job).places():
        assert f"| `{name}` |" in page, name


def test_every_verb_and_job_is_on_the_page_of_the_command(pages):
    page = pages["reference/command.md"]
    for verb in VERBS:
        assert f"## echoic {verb}\n" in page
    for job in JOBS:
        assert f"settings/{job}.md" in page


def test_every_public_name_is_on_the_page_of_the_api(pages):
    for name in dir(echoic):
        assert name.startswith("_") or f":: echoic.{name}\n" in pages["reference/api/index.md"]


def test_cells_of_tables_are_escaped(pages):
    for name, page in pages.items():
        widths = {line.count("|") - line.count(r"\|") for line in page.splitlines() if line.startswith("| ")}
        assert len(widths) <= 5, name


def test_run_format_names_every_key(tmp_path):
    page = (DOCS / "internals" / "run-format.md").read_text("utf-8")
    wave = np.sin(np.arange(400, dtype=np.float32) / 8)
    run = echoic.train("forecast", wave, out=tmp_path / "run", lookback=20, horizon=5, layers=[4], epochs=1)
    (*_, newest) = sorted((run.path / "checkpoints").iterdir())
    header = newest.read_bytes()[8:]
    metadata = json.loads(
        json.JSONDecoder().raw_decode(header.decode("utf-8", "replace"))[0]["__metadata__"]["metadata"]
    )
    config = json.loads((run.path / "config.json").read_text())
    names = [*config, *config["versions"], *json.loads((run.path / "codec.json").read_text()), *run.metrics()[0]]
    names += [*metadata, *metadata["state"], *metadata["phase"], *(path.name for path in run.path.iterdir())]
    known = set(re.findall(r"`([\w.]+)/?[\w./-]*`", page))
    assert [name for name in names if name not in known] == ["data"]
