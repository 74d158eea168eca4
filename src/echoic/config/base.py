"""Strict, frozen settings: an unknown key is an error with a suggestion, a bad value a sentence.

A job's settings are sections of plain fields. Field names are unique across sections, so that `lookback=96` in
Python and `--lookback 96` on the command line need no section, while files and `--set` may name it
(`window.lookback`).
"""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticKnownError

from echoic.config.renamed import ELSEWHERE, RENAMED
from echoic.errors import ConfigError

if TYPE_CHECKING:
    from echoic.config.model import StackSettings
    from echoic.config.requests import GenerateRequest
    from echoic.config.train import TrainSettings


_MOST = 10**15
"""The largest whole number of a setting; larger ones have no exact float."""

_MOST_SHOWN = 100
"""Characters of a value in a message."""


class Section(BaseModel):
    """A group of settings. Immutable; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    panel: ClassVar[str] = "Model"
    """The group of its options in `--help`: Data, Windows, Model, Training or Output."""

    @field_validator("*", mode="before")
    @classmethod
    def _check_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Python counts True as 1, and has whole numbers without end."""
        annotation = cls.model_fields[str(info.field_name)].annotation
        kinds = get_args(annotation) or (annotation,)
        if isinstance(value, bool) and bool not in kinds:
            if int in kinds:
                raise PydanticKnownError("int_type")
            if float in kinds:
                raise PydanticKnownError("float_type")
        if isinstance(value, int) and abs(value) > _MOST:
            raise PydanticKnownError("less_than_equal", {"le": _MOST})
        return value

    def refuse_changed(self, fields: Iterable[str], reason: str) -> None:
        """Refuses fields that have no effect, unless they have their default.

        Args:
            fields: the fields without effect.
            reason: ends the message: why, and the remedy.

        Raises:
            ConfigError: a field has another value than its default.
        """
        for field in fields:
            if getattr(self, field) != type(self).model_fields[field].default:
                raise ConfigError(f"`{field}` has no effect {reason}")


def split_commas(value: Any) -> Any:
    """Comma-separated text, or a single value, as a tuple."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value if isinstance(value, Iterable) or value is None else (value,)


Listed = BeforeValidator(split_commas)
"""Lets a tuple be written as a comma-separated string."""

Names = Annotated[tuple[str, ...], Listed]
Integers = Annotated[tuple[int, ...], Listed]
Numbers = Annotated[tuple[float, ...], Listed]


ComponentSettings = Mapping[str, tuple[str, ...]]
"""From kinds of `components` to names of settings."""


class JobSettings(Section):
    """All settings of one job: fields that are sections.

    `default_depends_on` has the fields whose default depends on something, and its name, such as `--strategy`.
    """

    default_depends_on: ClassVar[Mapping[str, str]] = {}

    request_class: ClassVar["type[GenerateRequest] | None"] = None
    """The options of `generate`, for jobs that have it."""

    refused: ClassVar[frozenset[str]] = frozenset()
    """Settings of shared sections that this job never uses, and refuses; help does not show them."""

    component_settings: ClassVar[ComponentSettings] = {}
    """For each kind in `components`, the settings of this job that it makes useless, besides those of the layers."""

    if TYPE_CHECKING:  # sections that every job has
        data: Any
        stack: StackSettings
        train: TrainSettings

    @classmethod
    def sections(cls) -> dict[str, type[Section]]:
        """Section names and their classes."""
        return {name: type(info.default) for name, info in cls.model_fields.items()}

    @classmethod
    def places(cls) -> dict[str, str]:
        """The section of every field."""
        return {field: name for name, section in cls.sections().items() for field in section.model_fields}

    @classmethod
    def field(cls, name: str) -> FieldInfo:
        """The declaration of a field."""
        return cls.sections()[cls.places()[name]].model_fields[name]

    @classmethod
    def renamed(cls) -> dict[str, str]:
        """Other names of this job's fields, and the fields."""
        places = cls.places()
        return {old: new for old, new in (RENAMED | ELSEWHERE).items() if new in places and old not in places}

    @classmethod
    def build(cls, *layers: Mapping[str, Any]) -> Self:
        """Settings from layers of values, later ones first in rank.

        A layer may hold sections (`{"window": {"lookback": 96}}`), dotted names (`{"window.lookback": 96}`) and
        bare names (`{"lookback": 96}`). A section and a field may share a name: a mapping is the section, any other
        value is the field.

        Raises:
            ConfigError: a name is unknown (with the nearest known one) or was renamed, or a value is not allowed.
        """
        # Jobs may override the defaults of shared sections.
        nested = {name: info.default.model_dump(exclude_unset=True) for name, info in cls.model_fields.items()}
        for layer in layers:
            for section, field, value in cls._spread(layer):
                nested[section][field] = value
        try:
            return cls.model_validate(nested)
        except ValidationError as error:
            raise ConfigError(validation_message(error)) from None

    @classmethod
    def fields_in(cls, *layers: Mapping[str, Any]) -> set[str]:
        """The fields that `build` would set from these layers."""
        return {field for layer in layers for _, field, _ in cls._spread(layer)}

    @classmethod
    def sectioned(cls, *layers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The validated fields in `layers` as plain JSON values by section, for `build` and files.

        Raises:
            ConfigError: as `build` does.
        """
        names, built = cls.fields_in(*layers), cls.build(*layers).model_dump(mode="json")
        given = {
            section: {name: one for name, one in found.items() if name in names} for section, found in built.items()
        }
        return {section: found for section, found in given.items() if found}

    def given(self) -> set[str]:
        """The fields that were set when the settings were built, not left to their defaults."""
        return {field for name in self.sections() for field in getattr(self, name).model_fields_set}

    def check_planned(self) -> None:
        """Refuses settings of a run folder that planning cannot have left.

        Raises:
            ConfigError: a setting lacks a value that another one requires.
        """

    def replaced(self, **values: Any) -> Self:
        """A copy with some fields, named without their section, changed."""
        return type(self).build(self.model_dump(exclude_unset=True), values)

    @classmethod
    def _spread(cls, layer: Mapping[str, Any]) -> Iterable[tuple[str, str, Any]]:
        sections, places = cls.sections(), cls.places()
        for key, value in layer.items():
            if key in sections and isinstance(value, Mapping):
                for field, inner in value.items():
                    if field not in sections[key].model_fields:
                        raise ConfigError(
                            cls._refusal(f"{key}.{field}", [f"{key}.{f}" for f in sections[key].model_fields])
                        )
                    yield key, field, inner
            elif key in places:
                yield places[key], key, value
            elif key.count(".") == 1 and places.get(key.split(".")[1]) == key.split(".")[0]:
                yield *key.split("."), value
            else:
                known = [*places, *(f"{section}.{field}" for field, section in places.items())]
                raise ConfigError(cls._refusal(key, known))

    @classmethod
    def _refusal(cls, name: str, known: list[str]) -> str:
        renamed = ".".join(RENAMED.get(part, part) for part in name.split("."))
        if renamed != name and (renamed in known or renamed in cls.sections()):
            return f"`{name}` was renamed to `{renamed}`."
        if ELSEWHERE.get(name) in known:
            return f"There is no setting {name!r}; it is called `{ELSEWHERE[name]}` here."
        return _unknown(name, known)


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file, for `JobSettings.build`.

    Raises:
        ConfigError: the file cannot be read or is not TOML; the message has the place.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read as settings ({error.strerror}).") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as settings ({error}).") from None


def assignments(texts: Iterable[str]) -> dict[str, str]:
    """`["train.lr=0.01"]` as `{"train.lr": "0.01"}`.

    Raises:
        ConfigError: a text has no `=`.
    """
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"`--set` takes key=value, got {text!r}.")
        pairs[key.strip()] = value.strip()
    return pairs


def suggestion(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'lookback'?` for a near miss, otherwise nothing."""
    near = difflib.get_close_matches(word, list(known), 1, 0.6)
    return f", did you mean {near[0]!r}?" if near else ""


def _unknown(key: str, known: list[str]) -> str:
    hint = suggestion(key, known)
    return f"There is no setting {key!r}{hint or '; `echoic train JOB --help` lists them all.'}"


_REQUIREMENTS = {
    "greater_than": "greater than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "int_parsing": "an integer",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text",
    "literal_error": "{expected}",
}
"""Requirements on a value, by pydantic's type of error."""


def validation_message(error: ValidationError) -> str:
    """The first error in a sentence: place, reason and value."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if first["type"] in _REQUIREMENTS:
        bounds = {
            name: f"{bound:g}" if isinstance(bound, float) else bound for name, bound in first.get("ctx", {}).items()
        }
        reason = "must be " + _REQUIREMENTS[first["type"]].format(**bounds)
    reason = reason[0].lower() + reason[1:]
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    value = repr(first["input"])
    shown = value if len(value) <= _MOST_SHOWN else f"{value[:_MOST_SHOWN]}..."
    named = f"`{place}` " if place else ""
    return f"{named}{reason}, got {shown}{more}."
