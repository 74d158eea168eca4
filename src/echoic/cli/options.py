"""Settings as command-line options: names, help and defaults come from the settings themselves."""

import inspect
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from echoic.config import JobSettings, assignments, read_toml

Values = dict[str, Any]

CONFIG = Annotated[Path | None, typer.Option("--config", metavar="PATH", help="TOML file with settings by section.")]
SET = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Any setting as key=value; may be repeated.")
]


def with_settings(settings: type[JobSettings], body: Callable[..., None]) -> Callable[..., None]:
    """`body` as a command with an option for every field of `settings`, in addition to its own.

    Those that the job always refuses are not in its help. `body` takes the chosen values as its first argument: layers
    for `JobSettings.build`, in increasing precedence. Its own options come before settings of the same name.
    """
    sections = [info.default for info in settings.model_fields.values()]
    own = list(inspect.signature(body, eval_str=True).parameters.values())[1:]
    places = {name: section for section in sections for name in type(section).model_fields}
    for one in own:
        places.pop(one.name, None)
    fields = {name: type(section).model_fields[name] for name, section in places.items()}
    panels = {name: section.panel for name, section in places.items()}
    defaults = {name: shown_default(getattr(section, name)) for name, section in places.items()}
    defaults |= {name: f"by {decides}" for name, decides in settings.default_depends_on.items() if defaults[name]}
    renamed = {old: new for old, new in settings.renamed().items() if new in fields}

    def command(**given: Any) -> None:
        config: Path | None = given.pop("config")
        sets: list[str] | None = given.pop("set_")
        flags = {name: value for name in (*fields, *renamed) if (value := given.pop(name)) is not None}
        body(merged(settings, read_toml(config) if config else {}, assignments(sets or []), flags), **given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    extra = [
        inspect.Parameter("config", keyword, default=None, annotation=CONFIG),
        inspect.Parameter("set_", keyword, default=None, annotation=SET),
        *(
            inspect.Parameter(
                name,
                keyword,
                default=None,
                annotation=_option(name, fields[name], default, panels[name], hidden=name in settings.refused),
            )
            for name, default in defaults.items()
        ),
        # Taken, so that the settings can name the new one.
        *(
            inspect.Parameter(old, keyword, default=None, annotation=_option(old, fields[new], "", None, hidden=True))
            for old, new in renamed.items()
        ),
    ]
    command.__signature__ = inspect.Signature([*(one.replace(kind=keyword) for one in own), *extra])  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in (*own, *extra)}
    return command


def merged(settings: type[JobSettings], *layers: Mapping[str, Any]) -> Values:
    """Merges validated settings into one mapping by section; later layers take precedence.

    Raises:
        ConfigError: an unknown setting, or a value that is not allowed.
    """
    given = settings.fields_in(*layers)
    sections = settings.build(*layers).model_dump(exclude_unset=True)
    # Without the job's own defaults: a setting that was not given is not refused beside one that replaces it.
    return {name: {key: value for key, value in one.items() if key in given} for name, one in sections.items()}


def _option(name: str, info: FieldInfo, default: str, panel: str | None, *, hidden: bool = False) -> Any:
    flag = "--" + name.replace("_", "-")
    text = f"{info.description}{_brackets(info, default)}"
    look: dict[str, Any] = {"help": text, "show_default": False, "hidden": hidden, "rich_help_panel": panel}
    if plain_type(info.annotation) is bool:
        both = f"{flag}/--no-{flag[2:]}"
        return Annotated[bool | None, typer.Option(both, **look)]
    shape = metavar(info.annotation)
    return Annotated[str | None, typer.Option(flag, metavar=shape, **look)]


def _brackets(info: FieldInfo, default: str) -> str:
    """Choices and default, after the description."""
    plain = plain_type(info.annotation)
    choices = "choices: " + ", ".join(map(str, get_args(plain))) if get_origin(plain) is Literal else ""
    notes = "; ".join(filter(None, [choices, f"default: {default}" if default else ""]))
    return f" [{notes}]" if notes else ""


def shown_default(default: Any) -> str:
    """A default as it would be typed; nothing for None and empty lists."""
    if default is None or default == ():
        return ""
    return ",".join(str(part) for part in default) if isinstance(default, tuple) else str(default)


def metavar(annotation: Any) -> str:
    """The placeholder of an option's value in help."""
    plain = plain_type(annotation)
    if get_origin(plain) is Literal:
        return "CHOICE"
    if get_origin(plain) is tuple:
        return "A,B,..."
    return {int: "INTEGER", float: "NUMBER"}.get(plain, "TEXT")


def plain_type(annotation: Any) -> Any:
    """The type itself, without `None` and without validators; the first one of a union."""
    if get_origin(annotation) is Annotated:
        return plain_type(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return plain_type(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation
