"""Pages of settings: a table for each section of each job, from the settings classes themselves."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from echoic.config import JobSettings, Section
from echoic.config.classify import BY_DATA
from echoic.config.forecast import BY_STRATEGY
from echoic.config.search import conditions
from echoic.jobs import JOBS, settings_class
from echoic.studies.space import default_parameters
from echoic_docs.markdown import code, escape, table

DECIDED = {
    "forecast": (BY_STRATEGY, "strategy", "`many` is for tables of many series."),
    "classify": (
        BY_DATA,
        "data",
        (
            "`spectra` are sound and arrays of bands, `series` those of sensors. Batch size, epochs, patience, the "
            "stride of convolutions, and whether spectra have some, follow the clips: "
            "[how](../../guides/sound-data.md#defaults)."
        ),
    ),
}
"""For jobs with defaults that depend on others: the defaults, what decides them, and a remark."""

SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}


def settings_pages() -> dict[str, str]:
    """A page for each job, and one that lists them."""
    pages = {job: settings_page(job, settings_class(job)) for job in JOBS}
    return {"index": index_page(), **pages}


def index_page() -> str:
    """How settings are given, and the list of jobs."""
    jobs = "\n".join(f"{job} <{job}>" for job in JOBS)
    return f"""# Settings

Every setting has one name, unique within its job. Give it wherever it suits you:

| where | how |
| --- | --- |
| command line | an option, with hyphens: `--batch-size 32` |
| command line | `--set batch_size=32` or `--set train.batch_size=32`; may be repeated |
| file | under its section in a TOML file: `[train]`, then `batch_size = 32`; named by `--config FILE.toml` |
| Python | a keyword argument: `echoic.train(..., batch_size=32)` |

Options come first, then `--set`, then the file, then the defaults. An unknown name is an error that suggests the
nearest one. `config.json` in the run folder records every setting, resolved defaults included.

```{{toctree}}
:maxdepth: 1

{jobs}
```
"""


def settings_page(job: str, settings: type[JobSettings]) -> str:
    """All settings of a job, section by section."""
    intro = f"""# Settings of {job}

Options of `echoic train {job}`, `echoic tune {job}` and `echoic check {job}`, and keyword arguments of
`echoic.train("{job}", ...)`: [how to give them](index.md).
"""
    parts = [intro]
    for name, info in settings.model_fields.items():
        parts.append(f"## {name}\n\n{escape(type(info.default).__doc__ or '')}\n\n{section(info.default, settings)}")
    if job in DECIDED:
        parts.append(decided_defaults(*DECIDED[job]))
    parts.append(searched(job, settings))
    return "\n".join(parts)


def section(defaults: Section, settings: type[JobSettings]) -> str:
    """The table of one section."""
    rows = []
    for name, field in type(defaults).model_fields.items():
        default = shown(getattr(defaults, name))
        if name in settings.default_depends_on:
            decides = settings.default_depends_on[name]
            default = f"by {code(decides) if decides.startswith('--') else decides}"
        rows.append([code(name), values(field), default, escape(field.description or "")])
    return table(["setting", "values", "default", "description"], rows)


def decided_defaults(defaults: Mapping[str, Mapping[str, Any]], decides: str, remark: str) -> str:
    """Defaults that depend on another setting, or on the data."""
    names = list(dict.fromkeys(name for chosen in defaults.values() for name in chosen))
    rows = [[code(name), *(shown(chosen.get(name)) for chosen in defaults.values())] for name in names]
    return f"""## Defaults by {decides}

A value that you set always stands. {remark}

{table(["setting", *map(code, defaults)], rows)}"""


def searched(job: str, settings: type[JobSettings]) -> str:
    """The default search space of a job."""
    rows = [
        [code(name), code(one.text), escape("; ".join(mark.text for mark in conditions(settings, name)))]
        for name, one in default_parameters(job).items()
    ]
    return f"""## Default search space

What [`echoic tune {job}`](../../guides/tuning.md) searches without `--search`.

{table(["setting", "values", "only with"], rows)}"""


def shown(value: Any) -> str:
    """A default as it would be typed."""
    if value is None or value == ():
        return "—"
    if isinstance(value, bool):
        return code("true" if value else "false")
    return code(",".join(map(str, value)) if isinstance(value, tuple) else value)


def values(field: FieldInfo) -> str:
    """The values that a setting takes."""
    limits = [f"{sign} {getattr(mark, name)}" for mark in field.metadata for sign, name in signs(mark)]
    return ", ".join([kind(field.annotation), *limits])


def signs(mark: Any) -> list[tuple[str, str]]:
    """The sign and the attribute of a limit; nothing for what is no limit."""
    return [sign for kind_, sign in SIGNS.items() if isinstance(mark, kind_)]


NAMES: Mapping[Any, str] = {int: "integer", float: "number", str: "text", bool: "true or false"}


def kind(annotation: Any) -> str:
    """A type in words."""
    if get_origin(annotation) is Annotated:
        return kind(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return " or ".join(kind(part) for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is Literal:
        return ", ".join(code(choice) for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"list ({kind(get_args(annotation)[0])})"
    return NAMES.get(annotation, getattr(annotation, "__name__", str(annotation)))
