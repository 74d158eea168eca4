"""The layers of the package, from the contract that import-linter checks."""

import ast
import tomllib
from pathlib import Path

from echoic_docs.markdown import code, escape, table

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "echoic"


def layers() -> list[list[str]]:
    """Names of modules by layer, from the top down."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    lines = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    names = [[name.strip(" ()") for name in line.replace(":", "|").split("|")] for line in lines]
    return [there for layer in names if (there := [name for name in layer if source(name)])]


def source(name: str) -> Path | None:
    """The file of a module of the package."""
    for path in (PACKAGE / f"{name}.py", PACKAGE / name / "__init__.py"):
        if path.exists():
            return path
    return None


def summary(name: str) -> str:
    """The first sentence of a module's docstring."""
    path = source(name)
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) if path else None
    return " ".join((text or "").partition("\n\n")[0].split())


def layers_table() -> str:
    """One row for each layer."""
    rows = [
        [str(number), code(name), escape(summary(name))] for number, layer in enumerate(layers(), 1) for name in layer
    ]
    return table(["layer", "module", "purpose"], rows)
