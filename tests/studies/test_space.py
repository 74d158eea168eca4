"""The search space: declared beside settings, valid in every job, and free of settings without effect."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from job_data import beeps, hum, lines, phrases, signals, sine, tunes

import echoic
from echoic.config.search import conditions, default_space
from echoic.jobs import JOBS, settings_class
from echoic.sources.memory import Pairs
from echoic.studies.searching import flat
from echoic.studies.space import Parameter, Value, default_parameters, default_point, drawn, with_defaults


def pairs(folder: Path) -> Pairs:
    values = sine(folder)
    return Pairs(values, np.roll(values, 1))


DATA: dict[str, Any] = {
    "forecast": sine, "music": tunes, "text": lines, "audio": hum, "classify": beeps, "detect": signals, "map": pairs,
    "transcribe": phrases,
}  # fmt: skip
MOST = 8


def chosen(draw: random.Random, one: Parameter) -> Value:
    if one.choices:
        return draw.choice(one.choices)
    return draw.uniform(one.low, one.high)


@pytest.mark.parametrize("job", JOBS)
def test_the_default_space_is_small_and_has_settings_of_the_job(job: str) -> None:
    settings = settings_class(job)
    space = default_space(job, settings)
    assert 4 <= len(space) <= MOST
    assert space.keys() <= settings.places().keys()
    assert {"lr", "layers"} <= space.keys()


@pytest.mark.parametrize("job", JOBS)
def test_every_value_of_the_default_space_is_allowed(job: str) -> None:
    settings = settings_class(job)
    for name, one in default_parameters(job).items():
        for value in one.choices or (one.low, one.high):
            built = settings.build({name: value})
            assert getattr(getattr(built, settings.places()[name]), name) is not None


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
def test_every_draw_of_the_default_space_can_be_trained(job: str, tmp_path: Path) -> None:
    data = DATA[job](tmp_path)
    base = echoic.prepare(job, data).task.settings
    draw = random.Random(0)  # noqa: S311
    for _ in range(5):
        values = drawn(list(default_parameters(job).values()), type(base), flat(base), lambda one: chosen(draw, one))
        task = echoic.prepare(job, data, config=values).task
        task.build_model()
        given = flat(task.settings)
        for name, value in values.items():
            assert str(given[name]).strip("[]").replace(" ", "") == str(value), name


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
def test_the_default_space_has_the_defaults_for_the_data(job: str, tmp_path: Path) -> None:
    base = flat(echoic.prepare(job, DATA[job](tmp_path)).task.settings)
    parameters = with_defaults(list(default_parameters(job).values()), base, ())
    point = default_point(parameters, base)
    assert len(point) == len(parameters)
    prepared = flat(echoic.prepare(job, DATA[job](tmp_path), config=point).task.settings)
    lowest = {"weight_decay": 1e-4}  # its range is logarithmic, and the default may be 0
    assert prepared == base | {name: max(base[name], one) for name, one in lowest.items()}


def test_the_default_point_is_as_near_as_the_space_has_it() -> None:
    base = {
        "lr": 0.002,
        "weight_decay": 0.0,
        "layers": [64],
        "cell": "gru",
        "lookback": 500,
        "seed": None,
        "batch_size": 64,
        "skip": False,
    }
    parameters = [
        Parameter(name="lr", low=0.001, high=0.01, log=True),
        Parameter(name="weight_decay", low=1e-4, high=0.3, log=True),
        Parameter(name="layers", choices=("32", "64")),
        Parameter(name="cell", choices=("lstm", "mingru")),
        Parameter(name="lookback", low=24, high=168, is_integer=True),
        Parameter(name="batch_size", choices=(8, 16, 512)),
        Parameter(name="skip", choices=(True,)),
        Parameter(name="seed", low=1, high=2, is_integer=True),
    ]
    assert default_point(parameters, base) == {
        "lr": 0.002,
        "weight_decay": 1e-4,
        "layers": "64",
        "lookback": 168,
        "batch_size": 16,
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("search", "has_it"), [(None, True), (["layers"], True), (["layers=32;64;128;32,32;64,64"], False)]
)
def test_a_default_is_among_the_choices_but_those_of_the_user(tmp_path: Path, search: Any, has_it: bool) -> None:
    study = echoic.tune(
        "detect", signals(tmp_path), out=tmp_path / "study", search=search, trials=1, confirm=0, epochs=1
    )
    layers = next(one for one in study.definition.parameters if one.name == "layers")
    assert "96" not in default_parameters("detect")["layers"].choices
    assert ("96" in layers.choices) == has_it
    assert "64" in layers.choices


def values_of(job: str, **given: Any) -> dict[str, Any]:
    return flat(settings_class(job).build(given))


def names_drawn(job: str, names: list[str], first: dict[str, Value], **base: Any) -> set[str]:
    """The names of `names` that are drawn when the values in `first` are."""
    choices = (Parameter(name=name, choices=(first.get(name, 1), 2)) for name in names)
    return set(drawn(list(choices), settings_class(job), values_of(job, **base), lambda one: one.choices[0]))


def test_a_setting_without_effect_is_not_drawn() -> None:
    names = ["forget_bias", "weight_dropout", "cell"]
    assert names_drawn("forecast", names, {"cell": "lstm"}) == {*names}
    assert names_drawn("forecast", names, {"cell": "gru"}) == {"weight_dropout", "cell"}
    assert names_drawn("forecast", names, {"cell": "mingru"}) == {"cell"}


def test_a_condition_may_hold_by_what_is_fixed() -> None:
    assert names_drawn("forecast", ["forget_bias"], {}, cell="lstm") == {"forget_bias"}
    assert names_drawn("forecast", ["forget_bias"], {}, cell="gru") == set()


def test_dropout_over_all_steps_needs_one_kind_of_dropout() -> None:
    names = ["variational_dropout", "dropout"]
    assert names_drawn("forecast", names, {"dropout": 0.0}) == {"dropout"}
    assert names_drawn("forecast", names, {"dropout": 0.0}, input_dropout=0.1) == {*names}
    assert names_drawn("forecast", names, {"dropout": 0.2}) == {*names}


def test_a_head_that_is_another_has_no_dropout_of_the_joint_one() -> None:
    assert "head_dropout" in names_drawn("music", ["head_dropout"], {}, head="joint")
    assert not names_drawn("music", ["head_dropout"], {}, head="categorical")


def test_a_convnet_has_no_recurrent_layers_to_search() -> None:
    names = [*default_parameters("classify")]
    left = names_drawn("classify", names, {}, model="convnet")
    assert left == {"dropout", "batch_size", "lr", "weight_decay"}


def test_a_job_without_a_setting_has_no_condition_on_it() -> None:
    assert not conditions(settings_class("forecast"), "layers")
    assert conditions(settings_class("classify"), "layers")


def test_a_condition_on_yes_or_no_may_fail() -> None:
    assert conditions(settings_class("transcribe"), "early_blanks")
