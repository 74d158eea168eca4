"""Settings as options: what help shows of each, and what an option takes."""

import re

import pytest
from setting_changes import CHANGES, Refused
from typer.main import get_command
from typer.testing import CliRunner

from echoic.cli import make_app
from echoic.config.renamed import ELSEWHERE
from echoic.errors import ConfigError
from echoic.jobs import JOBS, settings_class


def help_of(job: str) -> str:
    found = CliRunner().invoke(make_app(["train", job]), ["train", job, "--help"], env={"COLUMNS": "250"})
    assert found.exit_code == 0
    return re.sub(r"\s+", " ", found.output)


@pytest.mark.parametrize(
    ("job", "shown"),
    [
        ("forecast", "[choices: recursive, direct, segments]"),
        ("forecast", "--lags A,B,..."),
        ("forecast", "--refit / --no-refit"),
        ("forecast", "--epochs INTEGER Number of passes over the training data. [default: by --strategy]"),
        ("forecast", "--lookback INTEGER"),
        ("audio", "[choices: file, time]"),
        ("audio", "--channel TEXT"),
        ("audio", "--epochs INTEGER Number of passes over the training data. [default: 40]"),
        ("music", "--onsets / --no-onsets"),
    ],
)
def test_help_shows_choices_and_the_defaults_of_the_job(job: str, shown: str) -> None:
    assert shown in help_of(job)


@pytest.mark.parametrize("job", JOBS)
def test_help_has_all_settings_but_those_that_the_job_always_refuses(job: str) -> None:
    refused = {name for name, change in CHANGES[job].items() if isinstance(change, Refused)}
    assert settings_class(job).refused == refused
    shown = help_of(job)
    flags = {name: f"--{name.replace('_', '-')}" for name in settings_class(job).places()}
    missing = {name for name, flag in flags.items() if not re.search(rf" {flag}(?![\w-])", shown)}
    assert missing == refused


@pytest.mark.parametrize("job", JOBS)
def test_an_old_option_names_the_new_one_and_help_does_not_show_it(job: str) -> None:
    fields = {name: info for one in settings_class(job).sections().values() for name, info in one.model_fields.items()}
    shown = help_of(job)
    command = get_command(make_app(["train", job]))  # all options, once
    for old, new in settings_class(job).renamed().items():
        flag = "--" + old.replace("_", "-")
        line = ["train", job, "data", "--out", "run", flag]
        with pytest.raises(ConfigError) as found:
            command.main(line if fields[new].annotation is bool else [*line, "1"], standalone_mode=False)
        known = f"There is no setting '{old}'; it is called `{new}` here."
        assert str(found.value) == (known if old in ELSEWHERE else f"`{old}` was renamed to `{new}`.")
        assert f"{flag} " not in shown
