"""Pages of the Python API: one for each package or module below `echoic`, from the docstrings.

A name is documented where users import it from: names that a package imports from its modules belong to the package.
"""

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType

import echoic
from echoic_docs.layers import layers, summary
from echoic_docs.markdown import escape, table

LEFT_OUT = {"__main__", "cli", "config", "estimators"}
"""Modules with a reference of another kind, or under another name."""

FLAT = {"echoic.jobs"}
"""Packages whose inner packages are not for use from outside: a job is used through `echoic.train` and `Run`."""


def api_pages() -> dict[str, str]:
    """A page for each module, and one that lists them."""
    names = [name for layer in layers() for name in layer if name not in LEFT_OUT]
    return {"index": index_page(names)} | {name: module_page(name) for name in names}


def index_page(names: list[str]) -> str:
    """The names in `echoic` itself, and the list of modules."""
    top = "\n".join(directive(f"echoic.{name}", getattr(echoic, name)) for name in dir(echoic) if name[0] != "_")
    rows = [[f"[`echoic.{name}`]({name}.md)", escape(summary(name))] for name in names]
    return f"""# Python API

The names below are in `echoic` itself; everything else is imported from its module. Importing `echoic` loads neither
torch nor any reader of files: names are loaded when they are first used.

{table(["module", "purpose"], rows)}
```{{eval-rst}}
{top}
```

```{{toctree}}
:hidden:

{chr(10).join(names)}
```
"""


def module_page(name: str) -> str:
    """A package with its modules, or a module."""
    package = import_module(f"echoic.{name}")
    seen = public(package)
    parts = [f"# echoic.{name}\n\n{block(package, seen)}"]
    for module in submodules(package):
        own = {key: item for key, item in public(module).items() if not any(item is other for other in seen.values())}
        if own:
            parts.append(f"## {module.__name__}\n\n{block(module, own)}")
    return "\n".join(parts)


def submodules(package: ModuleType) -> list[ModuleType]:
    """The public modules inside of a package, at any depth."""
    path, prefix = getattr(package, "__path__", []), package.__name__ + "."
    if package.__name__ in FLAT:
        names = [info.name for info in pkgutil.iter_modules(path, prefix) if not info.ispkg]
    else:
        names = [info.name for info in pkgutil.walk_packages(path, prefix)]
    return [import_module(name) for name in names if not any(part.startswith("_") for part in name.split("."))]


def public(module: ModuleType) -> dict[str, object]:
    """Classes and functions that a module defines, imports from modules below itself, or lists in `__all__`."""
    return {
        name: item
        for name, item in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(item) or inspect.isfunction(item))
        and (f"{item.__module__}.".startswith(f"{module.__name__}.") or name in getattr(module, "__all__", ()))
    }


def block(module: ModuleType, items: dict[str, object]) -> str:
    """The docstring of a module and the directives of its names."""
    directives = [
        f".. automodule:: {module.__name__}\n",
        *(directive(f"{module.__name__}.{n}", i) for n, i in items.items()),
    ]
    return "```{eval-rst}\n" + "\n".join(directives) + "\n```\n"


def directive(path: str, item: object) -> str:
    """How autodoc documents one name."""
    if not inspect.isclass(item):
        return f".. autofunction:: {path}\n"
    # The methods of a run are in several classes, of which users only see the last.
    inherits = any(base.__module__.startswith("echoic.api.") for base in item.__mro__[1:])
    return f".. autoclass:: {path}\n   :members:\n" + ("   :inherited-members:\n" if inherits else "")
