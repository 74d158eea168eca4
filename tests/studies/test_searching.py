"""`--search`: ranges, lists of values, and one sentence for what cannot be searched."""

from typing import Any

import pytest

from echoic.errors import ConfigError
from echoic.jobs import JOBS, settings_class
from echoic.studies.searching import check_comparable, searched
from echoic.studies.space import Parameter, default_parameters


def one(text: Any, job: str = "forecast", **fixed: Any) -> Parameter:
    (found,) = searched(job, [text] if isinstance(text, str) else text, settings_class(job).sectioned(fixed))
    return found


def test_ranges() -> None:
    assert one("lr=0.001..0.1,log") == Parameter(name="lr", low=0.001, high=0.1, log=True)
    assert one("dropout=0..0.5") == Parameter(name="dropout", low=0.0, high=0.5)
    assert one("lookback=24..168") == Parameter(name="lookback", low=24, high=168, is_integer=True)
    assert one("lr=1e-5..1e-1") == Parameter(name="lr", low=1e-5, high=0.1)
    assert one("train.lr=0.1..0.2").name == "lr"


def test_lists_of_values() -> None:
    assert one("lr=0.1,0.01,0.001").choices == (0.1, 0.01, 0.001)
    assert one("layers=32;32,32;32,32,32").choices == ("32", "32,32", "32,32,32")
    assert one("cell=lstm, gru").choices == ("lstm", "gru")
    assert one("learn_initial_state=true,false").choices == (True, False)
    assert one("batch_size=16,32").choices == (16, 32)
    assert one("conv_channels=;16,32", "classify").choices == ("", "16,32")


def test_a_name_alone_is_its_range_in_the_default_space() -> None:
    assert one("lr") == default_parameters("forecast")["lr"]


def test_values_in_python() -> None:
    assert one({"lr": (1e-3, 1e-1, "log")}) == one("lr=0.001..0.1,log")
    assert one({"layers": [[32], (32, 32)]}) == one("layers=32;32,32")
    assert one({"dropout": (0, 0.5)}) == one("dropout=0..0.5")
    assert one({"lr": None}) == one("lr")


@pytest.mark.parametrize("job", JOBS)
def test_a_parameter_as_text_is_the_same_parameter(job: str) -> None:
    for parameter in default_parameters(job).values():
        assert one(f"{parameter.name}={parameter.text}", job) == parameter


def test_fixed_settings_leave_the_default_space() -> None:
    names = [found.name for found in searched("forecast", None, {"train": {"lr": 0.1}})]
    assert "lr" not in names
    assert "dropout" in names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("lrr=0.1,0.2", "did you mean 'lr'"),
        ("lr=0.1", "needs two or more values to search; --fix lr=VALUE"),
        ("layers=32,32", "needs two or more values to search separated by ;"),
        ("lr=0.1,0.1", "has a value twice"),
        ("lr=0.1..0.01", "The range of `lr` must rise, got 0.1..0.01"),
        ("dropout=0..0.5,log", "must begin above 0"),
        ("dropout=0..1.5", "`stack.dropout` must be less than 1"),
        ("cell=lstm..gru", "`cell` has no range"),
        ("cell=lstm,grr", "must be 'lstm', 'gru' or 'mingru'"),
        ("seed=1,2", "--seeds trains each trial with several"),
        ("time=a,b", "belongs to the data"),
        ("split=0.5,0.2,0.3;0.6,0.2,0.2", "belongs to the data"),
        ("stride", "has no range by default; give --search stride=LOW..HIGH"),
    ],
)
def test_what_cannot_be_searched(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        one(text)
    assert sentence in str(error.value)


def test_a_setting_is_not_searched_twice_nor_fixed_as_well() -> None:
    with pytest.raises(ConfigError, match="`lr` is searched twice"):
        searched("forecast", ["lr=0.1,0.2", "lr=0.1..0.2"], {})
    with pytest.raises(ConfigError, match="`lr` is both fixed and searched"):
        one("lr=0.1,0.2", lr=0.1)
    with pytest.raises(ConfigError, match=r"takes \(low, high\), "):
        one({"lr": 0.1})


def test_settings_that_change_the_loss_are_refused() -> None:
    settings = settings_class("forecast").build({"instance_norm": "none"})
    check_comparable([one("lookback=24,48")], settings)
    for text in ("head=point,gaussian", "loss=mse,mae", "horizon=1,2", "scale=standard,minmax"):
        with pytest.raises(ConfigError, match="changes what the dev loss measures"):
            check_comparable([one(text)], settings)
    with pytest.raises(ConfigError, match="`lookback` changes what the dev loss measures"):
        check_comparable([one("lookback=24,48")], settings.replaced(instance_norm="standard"))
