"""What a study is: its job, data, settings, search space and budget, as study.json has it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from echoic.config import Section
from echoic.config.base import split_commas, validation_message
from echoic.errors import ConfigError, RunError
from echoic.jobs import settings_class
from echoic.run import damage_named
from echoic.run.sealed import read_json, unsealed, write_json
from echoic.studies.space import Parameter, Value

Sampler = Literal["tpe", "genetic", "cmaes", "gp", "qmc", "random", "grid"]
Pruner = Literal["median", "hyperband", "none"]
GOALS = ("loss", "parameters", "step_us", "train_s")


def _goals(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or value[0] != "loss" or not set(value) <= set(GOALS) or len(set(value)) < len(value):
        raise ValueError(f"must be loss, or loss and others of {', '.join(GOALS[1:])}, such as loss,parameters")
    return value


class Definition(Section):
    """A study, as it was asked for.

    Attributes:
        job: the job of all runs.
        data: paths, the name of a synthetic signal, or None for data in memory.
        fingerprint: that of the data.
        settings: the settings of all trials that were given, by section.
        base: all settings of a trial without searched ones, with every choice resolved.
        parameters: the search space.
        trials: number of trials; None: no limit.
        minutes: time budget, confirmation included; None: no limit.
        workers: processes that train.
        goals: what is minimized; the first is the dev loss.
        seeds: runs per trial, whose mean loss counts.
        confirm: number of best trials that are trained again with fresh seeds.
    """

    panel: ClassVar[str] = "Study"

    format: Literal[1] = 1
    job: str
    data: str | list[str] | None
    fingerprint: str
    settings: dict[str, dict[str, Any]]
    base: dict[str, Any]
    parameters: tuple[Parameter, ...]
    trials: int | None = Field(None, ge=1)
    minutes: float | None = Field(None, gt=0)
    workers: int = Field(1, ge=1, le=1024)
    sampler: Sampler = "tpe"
    pruner: Pruner = "median"
    goals: Annotated[tuple[str, ...], BeforeValidator(split_commas), AfterValidator(_goals)] = ("loss",)
    seeds: int = Field(1, ge=1, le=1000)
    confirm: int = Field(3, ge=0, le=100)

    @classmethod
    def build(cls, **values: Any) -> Self:
        """The definition.

        Raises:
            ConfigError: a value is not allowed.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            raise ConfigError(validation_message(error)) from None

    @property
    def seed(self) -> int:
        """The seed of the first run of every trial, and of the sampler."""
        return int(self.settings.get("train", {}).get("seed", 0))

    @property
    def names(self) -> list[str]:
        """The names of the searched settings."""
        return [one.name for one in self.parameters]

    def of_trial(self, drawn: Mapping[str, Value], seed: int) -> dict[str, dict[str, Any]]:
        """The settings of a run by section: those of the study, drawn ones, a seed; one thread for several workers."""
        settings = {name: dict(section) for name, section in self.settings.items()}
        places = settings_class(self.job).places()
        for name, value in drawn.items():
            settings.setdefault(places[name], {})[name] = value
        train = settings.setdefault("train", {})
        train["seed"] = seed
        if self.workers > 1:
            train.setdefault("threads", 1)
        return settings


def write_definition(folder: Path, definition: Definition) -> None:
    """Writes study.json."""
    write_json(folder / "study.json", definition.model_dump(mode="json"))


def read_definition(folder: Path) -> Definition:
    """The contents of study.json.

    Raises:
        RunError: there is no study at `folder`, or the file is damaged.
    """
    path = folder / "study.json"
    if not path.is_file():
        raise RunError(f"{folder} is not a study (no study.json); make one with `echoic tune`.")
    content = unsealed(path, read_json(path), required=True)
    with damage_named(path):
        return Definition.build(**content)


def is_study(folder: Path) -> bool:
    """Whether `folder` holds a study."""
    return (folder / "study.json").is_file()
