import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from echoic.config import ForecastSettings, assignments, read_toml
from echoic.config.renamed import RENAMED
from echoic.errors import ConfigError
from echoic.jobs import JOBS, settings_class

build = ForecastSettings.build


def test_nothing_given_leaves_the_defaults() -> None:
    assert build() == ForecastSettings()
    assert build().given() == set()


@pytest.mark.parametrize(
    "layer",
    [{"lookback": 96}, {"window.lookback": 96}, {"window": {"lookback": 96}}],
    ids=["bare", "dotted", "section"],
)
def test_a_setting_may_be_named_three_ways(layer: dict[str, int | dict[str, int]]) -> None:
    settings = build(layer)
    assert settings.window.lookback == 96
    assert settings.given() == {"lookback"}
    assert settings == build({"lookback": 96})


def test_flags_outrank_set_which_outranks_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("epochs = 1\nseed = 1\n[train]\nlr = 0.5\n[window]\nhorizon = 3\n")
    chosen = assignments(["train.lr=0.25", "seed=2", "layers=8,4"])
    settings = build(read_toml(path), chosen, {"seed": 3})
    assert (settings.train.epochs, settings.train.lr, settings.train.seed) == (1, 0.25, 3)
    assert (settings.window.horizon, settings.stack.layers) == (3, (8, 4))
    assert settings.given() == {"epochs", "seed", "lr", "horizon", "layers"}


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"lokback": 96}, r"no setting 'lokback', did you mean 'lookback'\?"),
        ({"window.lokback": 96}, r"no setting 'window\.lokback', did you mean 'window\.lookback'\?"),
        ({"window": {"lokback": 96}}, r"no setting 'window\.lokback', did you mean 'window\.lookback'\?"),
        ({"train.lookback": 96}, r"no setting 'train\.lookback', did you mean '.*lookback'"),
        ({"wndow": {"lookback": 96}}, r"no setting 'wndow'"),
        ({"zzzzzz": 1}, r"no setting 'zzzzzz'; `echoic train JOB --help` lists them all"),
        ({"a.b.c": 1}, r"no setting 'a\.b\.c'"),
        ({"window": 5}, r"no setting 'window'"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(
    layer: dict[str, int | dict[str, int]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build(layer)


@pytest.mark.parametrize(
    ("job", "layer", "message"),
    [
        ("forecast", {"feed_back": 0.1}, "`feed_back` was renamed to `scheduled_sampling`."),
        ("forecast", {"train.clip": 1}, "`train.clip` was renamed to `train.grad_clip_norm`."),
        ("forecast", {"train": {"checks": 2}}, "`train.checks` was renamed to `train.evals_per_epoch`."),
        ("forecast", {"parts": {"split": "8,1,1"}}, "`parts` was renamed to `split`."),
        ("forecast", {"parts.split": "8,1,1"}, "`parts.split` was renamed to `split.split`."),
        ("detect", {"front.stride": 2}, "`front.stride` was renamed to `encoder.conv_stride`."),
        ("detect", {"channels": (4,)}, "`channels` was renamed to `conv_channels`."),
        ("audio", {"drift": {"gain_db": 1}}, "`drift` was renamed to `regularization`."),
    ],
)
def test_an_old_name_is_refused_with_the_new_one(job: str, layer: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_class(job).build(layer)
    assert str(caught.value) == message


def test_an_old_name_from_a_file_or_an_assignment_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("[train]\naverage = 0.9\n")
    with pytest.raises(ConfigError, match=r"^`train\.average` was renamed to `train\.ema_decay`\.$"):
        build(read_toml(path))
    with pytest.raises(ConfigError, match=r"^`lookahead` was renamed to `strategy`\.$"):
        build(assignments(["lookahead=direct"]))


def test_every_new_name_is_a_setting_or_a_section_and_old_names_of_another_job_are_unknown() -> None:
    known = {name for job in map(settings_class, JOBS) for name in (*job.sections(), *job.places())}
    assert set(RENAMED.values()) <= known
    with pytest.raises(ConfigError, match="no setting 'kernel'"):
        build({"kernel": 3})


def test_an_old_name_that_still_means_something_is_taken() -> None:
    assert build({"stride": 2, "channels": "joint"}).window.stride == 2
    assert {"stride", "channels"}.isdisjoint(ForecastSettings.renamed())


def test_a_mapping_named_split_is_the_section_and_anything_else_the_field() -> None:
    section = build({"split": {"split": "0.5,0.3,0.2", "split_order": "shuffled"}})
    assert section == build({"split": "0.5,0.3,0.2", "split_order": "shuffled"})
    assert section == section.replaced()
    assert build(section.model_dump(), {"split": (8, 1, 1)}).split.split == (8, 1, 1)
    with pytest.raises(ConfigError, match=r"`split\.split` must be three fractions.*, got 'a'"):
        settings_class("detect").build({"split": {"split": "a"}})


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ({"lookback": 0}, r"`window\.lookback` must be at least 1, got 0"),
        ({"horizon": "x"}, r"`window\.horizon` must be an integer, got 'x'"),
        ({"cell": "lstn"}, r"`stack\.cell` must be 'lstm'.*'gru'.*, got 'lstn'"),
        ({"dropout": 1.0}, r"`stack\.dropout` must be less than 1, got 1\.0"),
        ({"layers": "16,0"}, r"`stack\.layers` must be one or more positive layer sizes"),
        ({"layers": ""}, r"`stack\.layers` must be one or more positive layer sizes"),
        ({"quantiles": "0.5,0.1"}, r"`output\.quantiles` must be increasing probabilities between 0 and 1"),
        ({"quantiles": (0.0, 0.5)}, r"`output\.quantiles` must be increasing probabilities"),
        ({"season": "24,1"}, r"`scaling\.season` must be season lengths of at least 2 steps"),
        ({"minutes": 0}, r"`train\.minutes` must be greater than 0, got 0"),
        ({"seed": 2**31}, r"`train\.seed` must be less than 2147483648"),
        ({"lookback": 0, "horizon": 0}, r"got 0 \(1 more\)\.$"),
    ],
)
def test_a_bad_value_is_refused_in_a_sentence(
    layer: dict[str, str | float | tuple[float, float]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        build(layer)
    assert "\n" not in str(caught.value)


def test_settings_cannot_be_changed() -> None:
    settings = build({"lookback": 96})
    with pytest.raises(ValidationError, match="frozen"):
        settings.window.lookback = 5  # type: ignore[misc]  # frozen
    with pytest.raises(ValidationError, match="frozen"):
        settings.window = settings.window  # type: ignore[misc]  # frozen


def test_replaced_changes_a_copy_and_keeps_the_rest() -> None:
    settings = build({"lookback": 96, "seed": 4})
    other = settings.replaced(lookback=48, horizon=2)
    assert (settings.window.lookback, other.window.lookback, other.window.horizon) == (96, 48, 2)
    assert other.train.seed == 4
    assert other.given() == {"lookback", "horizon", "seed"}
    with pytest.raises(ConfigError, match="did you mean 'lookback'"):
        settings.replaced(lokback=1)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("layers", "16,16", (16, 16)),
        ("layers", " 16 , 8,", (16, 8)),
        ("layers", 32, (32,)),
        ("layers", [4, 5], (4, 5)),
        ("quantiles", "0.1,0.9", (0.1, 0.9)),
        ("season", "24,168", (24, 168)),
        ("target", "OT, HUFL", ("OT", "HUFL")),
        ("target", "", ()),
        ("target", ["a,b"], ("a,b",)),
    ],
)
def test_lists_may_be_written_with_commas(
    name: str, value: str | int | list[int | str], wanted: tuple[float | str, ...]
) -> None:
    settings = build({name: value})
    assert getattr(getattr(settings, settings.places()[name]), name) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("0.6,0.2,0.2", (0.6, 0.2, 0.2)),
        ((0.7, 0.1, 0.2), (0.7, 0.1, 0.2)),
        ("0.5,0.1,0.1", (0.5, 0.1, 0.1)),
        ("8640,2880,2880", (8640, 2880, 2880)),
        ([0, 48, 48], (0, 48, 48)),
        ((0, 1, 0), (0, 1, 0)),
        ("0,0,1", (0, 0, 1)),
        ("1,0,0", (1.0, 0.0, 0.0)),
        ("2020-01-01, 2020-06-01", ("2020-01-01", "2020-06-01")),
        ("auto", None),
        (None, None),
    ],
)
def test_a_split_is_fractions_counts_or_dates(
    value: str | tuple[float, ...] | list[int] | None, wanted: tuple[float | str, ...] | None
) -> None:
    split = build({"split": value}).split.split
    assert split == wanted
    assert split is None or [type(part) for part in split] == [type(part) for part in wanted or ()]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.5", "must be three fractions, three counts, or the two dates"),
        ("1,2,3,4", "must be three fractions, three counts, or the two dates"),
        ("a,b,c", "must be three fractions, three counts, or the two dates"),
        ("0.6,-0.2,0.2", "must be three fractions, three counts, or the two dates"),
        ("nan,1,1", "must be three fractions, three counts, or the two dates"),
        ("inf,1,1", "must be three fractions, three counts, or the two dates"),
        ("0.6,0.3,0.2", "must be fractions with a sum of at most 1, or whole numbers of steps"),
        ("10.5,2,2", "must be fractions with a sum of at most 1, or whole numbers of steps"),
        ("", "must be three fractions, three counts, or the two dates"),
    ],
)
def test_a_bad_split_is_refused(value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"`split\.split` {message}.*, got"):
        build({"split": value})


@pytest.mark.parametrize("split", ["0.6,0.2,0.2", "1,0,0", "0,1,0", "10,5,5", "2020-01-01,2020-06-01", None])
def test_json_gives_back_the_same_settings(split: str | None) -> None:
    settings = build(
        {"split": split, "layers": "16,8", "lookback": 96, "lr": 0.1, "target": "a,b", "quantiles": "0.1,0.7"}
    )
    again = ForecastSettings.build(json.loads(json.dumps(settings.model_dump(mode="json"))))
    assert again == settings
    assert repr(again.split) == repr(settings.split)


def test_assignments_are_keys_and_texts() -> None:
    assert assignments(["train.lr=0.1", "a = b = c", "x="]) == {"train.lr": "0.1", "a": "b = c", "x": ""}
    with pytest.raises(ConfigError, match=r"`--set` takes key=value, got 'lr'"):
        assignments(["lr"])


def test_an_error_about_unreadable_toml_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    with pytest.raises(ConfigError, match=r"settings\.toml cannot be read as settings"):
        read_toml(path)
    path.write_text("lr = 0.1\nlayers = [1,\n")
    with pytest.raises(ConfigError, match=r"settings\.toml cannot be read as settings .*(line|end of document)"):
        read_toml(path)
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match=r"settings\.toml cannot be read as settings"):
        read_toml(path)


@pytest.mark.parametrize(("name", "kind"), [("epochs", "an integer"), ("threads", "an integer"), ("lr", "a number")])
def test_true_is_not_a_number(name: str, kind: str) -> None:
    with pytest.raises(ConfigError, match=f"`train.{name}` must be {kind}, got True"):
        ForecastSettings.build({name: True})


def test_the_name_of_a_setting_in_another_library_is_answered_with_the_name_here() -> None:
    with pytest.raises(ConfigError, match="There is no setting 'learning_rate'; it is called `lr` here"):
        build({"learning_rate": 0.1})
