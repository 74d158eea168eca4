"""Properties of the house that no single part can keep on its own."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

import echoic
from echoic.cells import CELLS
from echoic.config import HeadSettings, StackSettings
from echoic.heads import HEADS
from echoic.jobs import JOBS, settings_class

SOURCE = Path(echoic.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
LONGEST = 320
LONGEST_BODY = 60
UNPICKLERS = {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}


def loaded_by(statement: str) -> set[str]:
    """The packages in memory after a statement in a fresh interpreter."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_echoic_loads_nothing_heavy() -> None:
    heavy = {"torch", "scipy", "polars", "narwhals", "pandas", "matplotlib", "plotly", "typer", "sklearn"}
    assert loaded_by("import echoic") & heavy == set()


def test_importing_the_command_line_loads_neither_torch_nor_readers_nor_plots() -> None:
    heavy = {"torch", "scipy", "polars", "pandas", "matplotlib", "plotly"}
    assert loaded_by("import echoic.cli") & heavy == set()


def test_public_names_are_there() -> None:
    for name in echoic._HOMES:
        assert getattr(echoic, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        echoic.nothing  # noqa: B018


def test_no_source_file_is_too_long() -> None:
    lengths = {str(path.relative_to(SOURCE)): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_function_is_too_long() -> None:
    """Lines of a function without its signature, which has an option of the command on each."""
    lengths = {
        f"{path.relative_to(SOURCE)}:{node.name}": (node.end_lineno or 0) - node.body[0].lineno + 1
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST_BODY} == {}


def unpickling(path: Path) -> list[str]:
    """Where a file imports a pickler, or names torch.load or torch.save."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            names = [f"{node.value.id}.{node.attr}"]
        else:
            continue
        if any(name in {"torch.load", "torch.save"} or name.partition(".")[0] in UNPICKLERS for name in names):
            found.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    return found


def test_no_source_file_can_unpickle() -> None:
    assert [place for path in FILES for place in unpickling(path)] == []


@pytest.mark.parametrize("job", JOBS)
def test_setting_names_require_no_section(job: str) -> None:
    settings = settings_class(job)
    sections = settings.sections()
    names = [name for section in sections.values() for name in section.model_fields]
    assert len(names) == len(set(names)) == len(settings.places())
    # A mapping is then the section, any other value the field.
    assert all(settings.places()[name] == name for name in sections.keys() & set(names))
    assert set(names).isdisjoint(inspect.signature(echoic.train).parameters)


@pytest.mark.parametrize("job", JOBS)
def test_every_setting_has_a_description(job: str) -> None:
    for section in settings_class(job).sections().values():
        for name, field in section.model_fields.items():
            assert field.description, name


def test_settings_offer_exactly_the_parts_in_the_tables() -> None:
    assert set(get_args(StackSettings.model_fields["cell"].annotation)) == CELLS.keys()
    assert set(get_args(HeadSettings.model_fields["head"].annotation)) == HEADS.keys()


def test_help_and_guide_name_every_head() -> None:
    guide = (SOURCE.parents[1] / "docs" / "guides" / "forecasting.md").read_text("utf-8")
    for head in HEADS:
        assert head in str(HeadSettings.model_fields["head"].description), f"`--head` does not describe {head}"
        assert f"`{head}`" in guide, f"docs/guides/forecasting.md does not list {head}"
